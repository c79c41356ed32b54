"""`python -m platform_service payments ...`: what needs an operator."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable

from platform_service.payments import correction, unhandled
from platform_service.payments.models import UnhandledEvent
from platform_service.resources import Resources, open_resources
from shared.errors import ServiceError
from shared.runtime import Runtime
from shared.service import Command

Step = Callable[[Resources, str], Awaitable[bool]]
HELP = "see to the payment provider's events that nothing here could handle, and correct the ledger"


def configure(parser: argparse.ArgumentParser) -> None:
    """The steps, and what each takes."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser(
        "unhandled", help="list the unhandled events, oldest first, and why they were not handled"
    )
    retry = steps.add_parser("retry", help="handle events again, after a release that supports them")
    retry.add_argument("ids", nargs="*", metavar="EVENT", help="event ids (default: all unhandled events)")
    steps.add_parser(
        "correct",
        help="remove refunds of bookings from the ledger, where releases before December 2026 recorded them",
    )
    dismiss = steps.add_parser("dismiss", help="mark an event as handled by hand")
    dismiss.add_argument("ids", nargs="+", metavar="EVENT")


async def run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Carry out one step; 1 where an event still waits, or could not be handled."""
    async with open_resources(runtime) as resources:
        if arguments.step == "unhandled":
            for event in await _waiting(resources):
                _say(_line(event))
            return 0
        if arguments.step == "correct":
            _say(f"{await correction.correct_refunds(resources)} refunds of bookings are balanced")
            return 0
        ids = arguments.ids or [event.id for event in await _waiting(resources)]
        work = _retry if arguments.step == "retry" else _dismiss
        done = [await _attempt(work, resources, event_id) for event_id in ids]
    return 0 if all(done) else 1


command = Command(name="payments", help=HELP, run=run, configure=configure)


async def _attempt(work: Step, resources: Resources, event_id: str) -> bool:
    try:
        return await work(resources, event_id)
    except ServiceError as error:
        sys.stderr.write(f"payments {event_id}: {error.message}\n")
        return False


async def _retry(resources: Resources, event_id: str) -> bool:
    outcome = await unhandled.retry(resources, event_id)
    _say(f"{event_id}  {outcome.word}  {outcome.reason}".rstrip())
    return outcome.word != "unhandled"


async def _dismiss(resources: Resources, event_id: str) -> bool:
    await unhandled.dismiss(resources, event_id)
    _say(f"{event_id}  dismissed")
    return True


async def _waiting(resources: Resources) -> list[UnhandledEvent]:
    async with resources.runtime.database.session() as session:
        return list(await unhandled.waiting(session))


def _line(event: UnhandledEvent) -> str:
    return f"{event.id}  {event.received_at:%Y-%m-%dT%H:%M:%SZ}  {event.type}  {event.reason}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
