"""Users, and what an administrator does with them."""
