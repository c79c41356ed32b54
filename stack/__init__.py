"""What `make up` does: the whole platform on one machine, from PyPI wheels, without Docker.

`options.py` has the table of what runs. One supervisor (PyPI `supervisor`) starts it, restarts what dies, and stops it.
"""
