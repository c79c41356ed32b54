"""Posts: what users write, and when it is to appear."""
