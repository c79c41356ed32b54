"""Linking accounts and unlinking them, and what that means for their posts."""
