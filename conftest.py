"""Servers, databases and clients for every test of the repository."""

pytest_plugins = ["testing.plugin"]
