"""Bringing posts to their networks, once each."""
