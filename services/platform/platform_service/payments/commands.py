"""`python -m platform_service payments ...`: what needs an operator."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from platform_service.payments import event_outcomes, webhook
from platform_service.payments.correction import correct_refunds
from platform_service.payments.models import UnhandledEvent
from platform_service.payments.provider import open_provider
from platform_service.settings import PlatformSettings
from shared.db.database import Database
from shared.errors import ServiceError
from shared.payments.provider import PaymentProvider
from shared.runtime import Runtime
from shared.service import Command

Step = Callable[[str], Awaitable[bool]]
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
    settings: PlatformSettings = runtime.settings
    database = runtime.database
    provider = open_provider(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(provider.close)
        if arguments.step == "unhandled":
            for event in await _waiting(database):
                _say(_line(event))
            return 0
        if arguments.step == "correct":
            _say(f"{await correct_refunds(database, provider)} refunds of bookings are balanced")
            return 0
        retry = partial(_retry, database, provider, settings.subscription_grace)
        work = retry if arguments.step == "retry" else partial(_dismiss, database)
        ids = arguments.ids or [event.id for event in await _waiting(database)]
        done = [await _attempt(work, event_id) for event_id in ids]
    return 0 if all(done) else 1


command = Command(name="payments", help=HELP, run=run, configure=configure)


async def _attempt(work: Step, event_id: str) -> bool:
    try:
        return await work(event_id)
    except ServiceError as error:
        sys.stderr.write(f"payments {event_id}: {error.message}\n")
        return False


async def _retry(database: Database, provider: PaymentProvider, grace: timedelta, event_id: str) -> bool:
    outcome = await webhook.retry(database, provider, event_id, grace=grace)
    _say(f"{event_id}  {outcome.word}  {outcome.reason}".rstrip())
    return outcome.word != "unhandled"


async def _dismiss(database: Database, event_id: str) -> bool:
    await event_outcomes.dismiss(database, event_id)
    _say(f"{event_id}  dismissed")
    return True


async def _waiting(database: Database) -> Sequence[UnhandledEvent]:
    async with database.session() as session:
        return await event_outcomes.waiting(session)


def _line(event: UnhandledEvent) -> str:
    return f"{event.id}  {event.received_at:%Y-%m-%dT%H:%M:%SZ}  {event.type}  {event.reason}"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
