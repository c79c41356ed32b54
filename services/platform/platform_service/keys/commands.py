"""`python -m platform_service keys ...`: replacing signing keys without logging anybody out."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.keys import service
from platform_service.keys.models import SigningKey
from platform_service.keys.ring import read_keys
from platform_service.settings import PlatformSettings
from shared.auth.tokens import LEEWAY_SECONDS
from shared.cli.listing import write_list
from shared.db.database import Database
from shared.encryption import Cipher
from shared.errors import ServiceError
from shared.runtime import Runtime
from shared.service import Command

HELP = "list, add, activate, retire, rotate or export the keys that sign access tokens"


def configure(parser: argparse.ArgumentParser) -> None:
    """The steps, and what each takes."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("list", help="list all keys and their states")
    steps.add_parser("add", help="publish a new key, which does not sign yet")
    steps.add_parser("export", help='print the public keys of valid tokens as JSON: {"kid": "PEM"}')
    activate = steps.add_parser(
        "activate", help="make a published key the signing key; the previous one retires by itself"
    )
    activate.add_argument("kid")
    retire = steps.add_parser("retire", help="withdraw a key whose tokens have expired")
    retire.add_argument("kid")
    retire.add_argument(
        "--compromised",
        action="store_true",
        help="do not wait until its tokens expire: they are refused within minutes",
    )
    rotate = steps.add_parser("rotate", help="add a key, wait until every verifier has it, and activate it")
    rotate.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="time for gateways to be rendered with the new key (default: KEY_PUBLISH_SECONDS)",
    )


async def run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Carry out one step; 1 and a line on stderr if it cannot be."""
    try:
        await _STEPS[arguments.step](arguments, runtime)
    except ServiceError as error:
        sys.stderr.write(f"keys {arguments.step}: {error.message}\n")
        return 1
    return 0


command = Command(name="keys", help=HELP, run=run, configure=configure)


async def _list(_: argparse.Namespace, runtime: Runtime) -> None:
    async with runtime.database.session() as session:
        keys = await service.all_keys(session)
    write_list(map(_line, keys), none="No signing keys.")


async def _add(_: argparse.Namespace, runtime: Runtime) -> None:
    cipher = _cipher(runtime.settings)
    await _change(runtime.database, lambda session: service.add(session, cipher=cipher))


async def _activate(arguments: argparse.Namespace, runtime: Runtime) -> None:
    await _change(
        runtime.database,
        partial(service.activate, kid=arguments.kid, tokens_over_after=_tokens_over_after(runtime.settings)),
    )


async def _retire(arguments: argparse.Namespace, runtime: Runtime) -> None:
    await _change(
        runtime.database,
        lambda session: service.retire(session, kid=arguments.kid, compromised=arguments.compromised),
    )


async def _rotate(arguments: argparse.Namespace, runtime: Runtime) -> None:
    settings: PlatformSettings = runtime.settings
    wait = settings.key_publish_seconds if arguments.wait is None else arguments.wait
    cipher = _cipher(settings)
    key = await _change(runtime.database, lambda session: service.add(session, cipher=cipher))
    _say(f"it signs in {wait:g} seconds; render the gateways with `keys export` until then")
    await asyncio.sleep(wait)
    await _change(
        runtime.database,
        partial(service.activate, kid=key.kid, tokens_over_after=_tokens_over_after(settings)),
    )


async def _export(_: argparse.Namespace, runtime: Runtime) -> None:
    keys = await read_keys(runtime.database)
    _say(json.dumps(dict(keys.public), indent=2))


_STEPS: dict[str, Callable[[argparse.Namespace, Runtime], Awaitable[None]]] = {
    "list": _list,
    "add": _add,
    "activate": _activate,
    "retire": _retire,
    "rotate": _rotate,
    "export": _export,
}


async def _change(database: Database, work: Callable[[AsyncSession], Awaitable[SigningKey]]) -> SigningKey:
    async with database.session() as session:
        key = await work(session)
        await session.refresh(key)
    _say(_line(key))
    return key


def _line(key: SigningKey) -> str:
    until = (
        f"  until {key.retire_after:%Y-%m-%dT%H:%M:%SZ}"
        if key.status == "retiring" and key.retire_after
        else ""
    )
    return f"{key.kid}  {key.status:<9}  made {key.created_at:%Y-%m-%dT%H:%M:%SZ}{until}"


def _tokens_over_after(settings: PlatformSettings) -> timedelta:
    return settings.access_lifetime + timedelta(seconds=LEEWAY_SECONDS)


def _cipher(settings: PlatformSettings) -> Cipher:
    return Cipher(settings.fernet_keys)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86_400:
        raise argparse.ArgumentTypeError("must be a number of seconds from 0 to 86400")
    return value


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
