"""The command `events` of every service."""

from __future__ import annotations

import argparse

from shared.runtime import Runtime
from shared.service import Command, ServiceDefinition


def events_command(definition: ServiceDefinition) -> Command:
    """`python -m <name>_service events ...`."""

    async def run(arguments: argparse.Namespace, runtime: Runtime) -> int:
        return 0

    return Command("events", "look at events and deliver them again", run)
