"""How a service's process begins. Most of that time is loading modules, so this one loads nothing itself."""

from __future__ import annotations

import gc
from importlib import import_module


def start(definition: str) -> int:
    """Load the ServiceDefinition `definition` of that module, and run the command line; the exit status.

    Until everything is loaded the garbage collector is off: otherwise it would walk permanent objects again and again,
    and take a fifth of the time. `freeze_garbage_collector` turns it on.
    """
    gc.disable()
    from shared.cli.main import main

    return main(import_module(definition).definition)
