"""The keys that sign access tokens, and how they are replaced."""
