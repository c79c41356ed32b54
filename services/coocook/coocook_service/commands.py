"""coocook's own commands."""

from __future__ import annotations

import argparse
import sys

import httpx

from coocook_service.resources import entitlements_of
from shared.runtime import Runtime
from shared.service import Command


async def _entitlements(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    try:
        changed = await entitlements_of(runtime).rebuild()
    except httpx.HTTPError as error:
        sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
        return 1
    print(f"{changed} entitlements were new or newer at platform.")  # noqa: T201 - a command's answer
    return 0


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch every entitlement from platform again")


COMMANDS = (
    Command(
        "entitlements", "rebuild the copy of platform's entitlements", _entitlements, configure=_configure
    ),
)
