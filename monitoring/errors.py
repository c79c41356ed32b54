"""What can go wrong, each with a message for the person at the terminal."""

from __future__ import annotations


class MonitoringError(Exception):
    """What was asked for cannot be done; the message says why. Exit code 1."""


class ToolsMissing(MonitoringError):
    """Programs are neither on PATH nor fetched; the message says how to get them."""


class WrongSetting(MonitoringError):
    """A setting or an argument is wrong or missing; the message names it. Exit code 2."""


class Unreachable(MonitoringError):
    """Prometheus does not answer where it was asked for."""
