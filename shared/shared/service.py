"""How a service describes itself to what runs it: the app factory, the worker and the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter, FastAPI

    from shared.auth.keys import KeySource
    from shared.db.database import Database
    from shared.runtime import Runtime
    from shared.settings import ServiceSettings
    from shared.worker import WorkerParts


def no_arguments(_parser: argparse.ArgumentParser) -> None:
    """A command without arguments."""


@dataclass(frozen=True)
class Command:
    """A subcommand of a service's command line; it gets an open Runtime. `run` may return an exit status."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, Runtime], Awaitable[int | None]]
    configure: Callable[[argparse.ArgumentParser], None] = no_arguments


@dataclass(frozen=True)
class ServiceDefinition:
    """One service. `settings_type` is what `routers` and the Runtime get an instance of."""

    name: str
    """Short, such as `coocook`: names its stream of events, its metrics and its database role."""
    settings_type: type[ServiceSettings]
    routers: Callable[[Any], Sequence[APIRouter]]
    migrations: Path
    """The directory of alembic's env.py."""
    worker: Callable[[Runtime], WorkerParts]
    lifespan: Callable[[Runtime, FastAPI], AbstractAsyncContextManager[None]] | None = None
    """Opens the service's own resources and puts them on `app.state`."""
    seed: Callable[[Runtime], Awaitable[None]] | None = None
    """Writes the development data; may run any number of times."""
    commands: Sequence[Command] = ()
    key_source: Callable[[Any, Database], KeySource] | None = None
    """Where token keys come from; None: the platform service's JWKS endpoint."""
