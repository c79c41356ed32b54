"""AI employees and their life."""
