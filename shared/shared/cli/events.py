"""`python -m <name>_service events dead|replay|discard|republish|lag|groups|drop-group`: looking after events."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from shared.cli.listing import write_list
from shared.events import admin
from shared.events.abandoned import RUNBOOK
from shared.events.consumer_groups import ALIVE_SECONDS, GroupInUse, GroupState, drop_group, group_states
from shared.events.event import stream_of
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command, ServiceDefinition

Action = Callable[[ServiceDefinition, argparse.Namespace, Runtime], Awaitable[int]]


def events_command(definition: ServiceDefinition) -> Command:
    """The command, the same for every service."""

    async def run(arguments: argparse.Namespace, runtime: Runtime) -> int:
        action: Action = arguments.run
        return await action(definition, arguments, runtime)

    text = "look at events that failed, have them handled again, send old ones again"
    return Command("events", text, run, _configure)


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        metavar="dead|replay|discard|republish|lag|groups|drop-group", required=True
    )
    dead = actions.add_parser(
        "dead", help="list the events that could not be handled, one line of JSON each, latest first"
    )
    dead.add_argument("--limit", type=int, default=100, help="the maximum number (default: 100)")
    dead.set_defaults(run=_dead)
    again = actions.add_parser("replay", help="handle dead letters again, in this service only")
    again.add_argument("ids", nargs="*", type=_identity, metavar="ID", help="their ids, as `dead` shows them")
    again.add_argument("--all", action="store_true", help="all of them")
    again.set_defaults(run=_replay)
    away = actions.add_parser("discard", help="remove dead letters permanently")
    away.add_argument("ids", nargs="+", type=_identity, metavar="ID", help="which ones")
    away.set_defaults(run=_discard)
    resend = actions.add_parser("republish", help="publish this service's own events again, to all consumers")
    resend.add_argument(
        "--since",
        type=_moment,
        required=True,
        metavar="TIME",
        help="such as 2026-11-23T12:00, in UTC unless an offset is given",
    )
    resend.set_defaults(run=_republish)
    actions.add_parser("lag", help="how far behind this service is").set_defaults(run=_lag)
    groups = actions.add_parser(
        "groups", help="list the consumer groups of this service's events, the furthest behind first"
    )
    groups.set_defaults(run=_groups)
    drop = actions.add_parser(
        "drop-group", help="remove a consumer group of this service's stream that is no longer in use"
    )
    drop.add_argument("group", metavar="NAME", help="its name, as `groups` shows it")
    drop.add_argument(
        "--lose-unfinished",
        action="store_true",
        help="confirm that the group loses its unfinished events",
    )
    drop.set_defaults(run=_drop_group)


def _identity(value: str) -> str:
    if not re.fullmatch(r"\d{1,19}-\d{1,19}", value):
        raise argparse.ArgumentTypeError(f"not an id such as 1795476478750-0: {value!r}")
    return value


def _moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a date and time such as 2026-11-23T12:00: {value!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _dead(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    letters = await admin.dead_letters(runtime.redis, definition.name, limit=arguments.limit)
    write_list((dumps(letter).decode() for letter in letters), none="No dead letters.")
    return 0


async def _replay(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    if bool(arguments.ids) == arguments.all:
        sys.stderr.write("give the dead letters' ids, or --all\n")
        return 2
    replayed = await admin.replay(runtime.redis, definition.name, None if arguments.all else arguments.ids)
    sys.stdout.write(f"handled again: {', '.join(replayed) or 'none'}\n")
    return 0 if arguments.all or len(replayed) == len(set(arguments.ids)) else 1


async def _discard(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    count = await admin.discard(runtime.redis, definition.name, arguments.ids)
    sys.stdout.write(f"removed: {count}\n")
    return 0 if count == len(set(arguments.ids)) else 1


async def _republish(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    outbox = definition.worker(runtime).outbox
    if outbox is None:
        sys.stderr.write(f"{definition.name} publishes no events\n")
        return 1
    async with runtime.database.session() as session:
        count = await admin.republish(session, outbox, since=arguments.since)
    sys.stdout.write(f"events that the worker publishes again: {count}\n")
    return 0


async def _lag(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    lines: list[str] = []
    for consumer in definition.worker(runtime).consumers:
        states = await admin.lag(runtime.redis, consumer.service, consumer.sources)
        for source, (unread, unfinished) in states.items():
            lines.append(f"{source}: {unread} unread, {unfinished} unfinished")
    write_list(lines, none=f"{definition.name} consumes no events.")
    return 0


async def _groups(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    states = await group_states(runtime.redis, stream_of(definition.name))
    seconds = runtime.settings.abandoned_group_seconds
    lines = (_group_line(state, abandoned=state.is_abandoned(seconds)) for state in states)
    write_list(lines, none="No consumer groups.")
    return 0


def _group_line(state: GroupState, *, abandoned: bool) -> str:
    idle = "never ran" if state.idle_seconds is None else f"last ran {state.idle_seconds:.0f} s ago"
    return (
        f"{state.name}: {state.unread} unread, {state.unfinished} unfinished,"
        f" the oldest {state.oldest_seconds:.0f} s old; {idle}"
        f"{f'; ABANDONED, see {RUNBOOK}' if abandoned else ''}"
    )


async def _drop_group(definition: ServiceDefinition, arguments: argparse.Namespace, runtime: Runtime) -> int:
    if not arguments.lose_unfinished:
        sys.stderr.write(
            "the group would lose its unfinished events (see `groups`): confirm with --lose-unfinished\n"
        )
        return 2
    try:
        dropped = await drop_group(runtime.redis, stream_of(definition.name), arguments.group)
    except GroupInUse as used:
        sys.stderr.write(
            f"refused: a worker of {arguments.group} ran {used.idle:.0f} s ago,"
            " and without its group it would lose events."
            f" Stop it first; {ALIVE_SECONDS:.0f} s after it last ran the group may be dropped,"
            f" at the earliest in {used.wait:.0f} s\n"
        )
        return 1
    sys.stdout.write(f"{'removed' if dropped else 'there is no group'}: {arguments.group}\n")
    return 0 if dropped else 1
