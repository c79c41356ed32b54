"""The command line of every service: `python -m <name>_service api|worker|migrate|...`."""

from __future__ import annotations

from collections.abc import Sequence

from shared.service import ServiceDefinition


def main(definition: ServiceDefinition, argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for a failure, 2 for wrong arguments or settings."""
    raise NotImplementedError
