"""Events between services: saved with the state that they announce, delivered at least once, with one effect."""
