"""Accounts and sessions: registration, login, tokens."""
