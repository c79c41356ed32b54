"""Scenarios, and the five kinds of work that employees can do."""
