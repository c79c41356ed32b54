"""Hours and money saved, as runs made them."""
