"""What can be subscribed to."""
