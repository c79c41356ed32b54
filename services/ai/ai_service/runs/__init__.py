"""Runs: an employee's work, done by a worker through a language model."""
