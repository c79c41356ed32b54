"""How a service describes itself to the app factory, the worker and the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    import asyncio
    from contextlib import AbstractAsyncContextManager

    from fastapi import APIRouter, FastAPI

    from shared.auth.keys import KeySource
    from shared.db.database import Database
    from shared.events.consumer import Consumer
    from shared.events.tables import OutboxMixin
    from shared.jobs import Jobs
    from shared.runtime import Runtime
    from shared.settings import ServiceSettings


def no_arguments(_parser: argparse.ArgumentParser) -> None:
    """A command without arguments."""


@dataclass(frozen=True)
class Command:
    """A subcommand of a service's command line; it gets an open Runtime. `run` may return an exit status."""

    name: str
    help: str
    run: Callable[[argparse.Namespace, Runtime], Awaitable[int | None]]
    configure: Callable[[argparse.ArgumentParser], None] = no_arguments


Part = Callable[["asyncio.Event"], Awaitable[None]]
"""Runs until the event is set, then finishes what it began and returns."""


@dataclass(frozen=True)
class WorkerParts:
    """What a service's worker does."""

    outbox: type[OutboxMixin] | None = None
    """The table whose events it publishes."""
    readers: Sequence[str] = ()
    """The services that read them, as docs/events.md says: the stream keeps everything for each, run or not."""
    consumers: Sequence[Consumer] = ()
    jobs: Jobs | None = None
    extra: Sequence[Part] = ()
    niceness: int = 0
    """0 to 19: above 0 it leaves the machine's processors to others, such as the service's API, when they want them."""
    measures: Sequence[Callable[[Database], Awaitable[None]]] = ()
    """What is counted in the database every few seconds, for its metrics; cheap, whatever the size of the tables."""
    close: Callable[[], Awaitable[None]] | None = None
    """Lets go of what the parts held open."""


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
