"""The first page after login."""
