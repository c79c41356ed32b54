"""How a service's process begins. Loading its modules is most of what that costs, so this one loads nothing itself."""

from __future__ import annotations

import gc
from importlib import import_module


def start(definition: str) -> int:
    """Load the ServiceDefinition `definition` of that module, and run what the command line says; the exit status.

    Until all is loaded the garbage collector is off: it would walk again and again what stays for good, and take a
    fifth of the time. `freeze_garbage_collector` turns it on.
    """
    gc.disable()
    from shared.cli.main import main

    return main(import_module(definition).definition)
