"""Logs, metrics and the ids that tie them together."""
