"""The command line of every service."""
