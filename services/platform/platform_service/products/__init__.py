"""The products that users can subscribe to."""
