"""What administrators see and change: users and revenue."""
