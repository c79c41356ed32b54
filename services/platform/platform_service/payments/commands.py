"""`python -m platform_service payments ...`: what needs an operator.

`correct` removes refunds of bookings that an older release took for platform's: revenue was too low by them. Releases
before December 2026 wrote every refund of the account into the ledger. The ledger only grows, so each of those that the
provider says was a booking's is balanced by a row of its own.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from platform_service.payments import event_outcomes, webhook
from platform_service.payments.ledger import reverse
from platform_service.payments.models import Payment, UnhandledEvent
from platform_service.payments.movements import is_booking
from platform_service.settings import PlatformSettings
from shared.cli.listing import write_list
from shared.db.database import Database
from shared.errors import ServiceError
from shared.payments.errors import UnknownPayment
from shared.payments.provider import PaymentProvider, PaymentState
from shared.payments.stripe_provider import StripeProvider
from shared.runtime import Runtime
from shared.service import Command

logger = logging.getLogger(__name__)
OpenProvider = Callable[[PlatformSettings], StripeProvider]
Step = Callable[[str], Awaitable[bool]]
HELP = "see to the payment provider's events that nothing here could handle, and correct the ledger"
CORRECTED_AT_ONCE = 200
NONE = "No unhandled events."


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


def payments_command(open_provider: OpenProvider) -> Command:
    """The command, which asks the provider that `open_provider` opens."""
    return Command(name="payments", help=HELP, run=partial(_run, open_provider), configure=configure)


async def correct_refunds(database: Database, provider: PaymentProvider) -> int:
    """How many rows were balanced; done twice, the second finds none. Raises ProviderUnavailable: run it again."""
    corrected, after = 0, ""
    while batch := await _payments_after(database, after):
        for payment_id in batch:
            corrected += await _correct(database, provider, payment_id)
        after = batch[-1]
    return corrected


async def _run(open_provider: OpenProvider, arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Carry out one step; 1 where an event still waits, or could not be handled."""
    settings: PlatformSettings = runtime.settings
    database = runtime.database
    provider = open_provider(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(provider.close)
        if arguments.step == "unhandled":
            write_list(map(_line, await _waiting(database)), none=NONE)
            return 0
        if arguments.step == "correct":
            _say(f"{await correct_refunds(database, provider)} refunds of bookings are balanced")
            return 0
        retry = partial(_retry, database, provider, settings.subscription_grace)
        work = retry if arguments.step == "retry" else partial(_dismiss, database)
        ids = arguments.ids or [event.id for event in await _waiting(database)]
        if not ids:
            write_list((), none=NONE)
        done = [await _attempt(work, event_id) for event_id in ids]
    return 0 if all(done) else 1


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


async def _payments_after(database: Database, after: str) -> list[str]:
    """Payments whose refunds were written down as sums, which only older releases did."""
    statement = (
        select(Payment.refund_of)
        .where(Payment.provider_ref.startswith("refund:", autoescape=True), Payment.refund_of > after)
        .distinct()
        .order_by(Payment.refund_of)
        .limit(CORRECTED_AT_ONCE)
    )
    async with database.read(fresh=True) as connection:
        return [found for found in await connection.scalars(statement) if found is not None]


async def _correct(database: Database, provider: PaymentProvider, payment_id: str) -> int:
    try:
        payment = await provider.get_payment(payment_id)
    except UnknownPayment:
        logger.warning("the provider does not know %s; its refund is left unchanged", payment_id)
        return 0
    async with database.session() as session:
        return await _balance(session, payment)


async def _balance(session: AsyncSession, payment: PaymentState) -> int:
    """Take a booking's refunds out of the ledger, which a release of before December 2026 wrote there; how many."""
    if not is_booking(payment.metadata):
        return 0
    wrong = select(Payment).where(
        Payment.refund_of == payment.id, Payment.provider_ref.startswith("refund:", autoescape=True)
    )
    return sum([await reverse(session, row) for row in await session.scalars(wrong)])
