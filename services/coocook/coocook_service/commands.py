"""coocook's own commands."""

from __future__ import annotations

import argparse

from coocook_service.tables import Entitlement
from shared.auth.entitlements import Entitlements
from shared.runtime import Runtime
from shared.service import Command

SERVICE = "coocook"


async def _entitlements(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    changed = await Entitlements(runtime, Entitlement, service=SERVICE).rebuild()
    print(f"{changed} entitlements were new or newer at platform.")  # noqa: T201 - a command's answer
    return 0


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch every entitlement from platform again")


COMMANDS = (
    Command(
        "entitlements", "rebuild the copy of platform's entitlements", _entitlements, configure=_configure
    ),
)
