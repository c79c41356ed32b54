"""The networks, each behind the same small interface."""
