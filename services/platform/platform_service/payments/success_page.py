"""Where the provider sends the browser back: for anybody, so it must not let anybody make us ask the provider.

A paid checkout is activated by the first load. While one is pending the provider is asked a few times at once, and then
less and less often, whichever process is asked; webhooks and a job find what is paid in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, or_, select, update

from platform_service.payments.activation import Outcome, known_outcome, settle
from platform_service.payments.models import Checkout
from shared.db.database import Database
from shared.payments.errors import ProviderUnavailable
from shared.payments.provider import PaymentProvider

FREE_LOOKS = 3
"""Who comes back early, pays in another tab and comes back again is not kept waiting."""
PAUSE = timedelta(seconds=5)
LONGEST_PAUSE_DOUBLINGS = 7
"""The pause between two looks doubles up to about ten minutes."""
WORDS: dict[Outcome, str] = {
    "completed": "success",
    "pending": "pending",
    "expired": "expired",
    "duplicate": "duplicate",
}


@dataclass(frozen=True, slots=True)
class BillingPage:
    """The app's billing page: a path at the gateway's host, or a whole address."""

    public_url: str
    page: str

    def after(self, outcome: str) -> str:
        """Its address, which says what became of the checkout."""
        host = self.public_url.rstrip("/") if self.page.startswith("/") else ""
        page = host + self.page
        return f"{page}{'&' if '?' in page else '?'}{urlencode({'checkout': outcome})}"


async def outcome_of(
    database: Database, provider: PaymentProvider, session_id: str, *, grace: timedelta
) -> Outcome:
    """Where a checkout stands. Raises UnknownCheckout, also without asking, and ProviderUnavailable."""
    known = await known_outcome(database, session_id)
    if known != "pending" or not await _may_look(database, session_id):
        return known
    return await settle(database, provider, session_id, grace=grace)


async def page_after(
    database: Database, provider: PaymentProvider, session_id: str, *, billing: BillingPage, grace: timedelta
) -> str:
    """Where a browser goes on. Without an answer of the provider it is pending, until the webhook or a job knows more.

    Raises UnknownCheckout.
    """
    try:
        return billing.after(WORDS[await outcome_of(database, provider, session_id, grace=grace)])
    except ProviderUnavailable:
        return billing.after(WORDS["pending"])


def accepts_page(accept: str) -> bool:
    """Whether a browser asks, which shows pages; the apps ask for JSON or for anything."""
    return "text/html" in accept


async def _may_look(database: Database, session_id: str) -> bool:
    """Take one of the looks that a pending checkout has; who gets none changes nothing."""
    mine = (Checkout.provider_session_id == session_id) & (Checkout.status == "pending")
    now = func.clock_timestamp()
    is_due = or_(Checkout.next_look_at.is_(None), Checkout.next_look_at <= now)
    doublings = func.least(func.greatest(Checkout.looks + 1 - FREE_LOOKS, 0), LONGEST_PAUSE_DOUBLINGS)
    pause = func.power(2, doublings) * PAUSE
    taken = {
        "looks": func.least(Checkout.looks + 1, FREE_LOOKS + LONGEST_PAUSE_DOUBLINGS),
        "next_look_at": func.now() + pause,
    }
    async with database.read(fresh=True) as connection:
        if not await connection.scalar(
            select(func.count()).where(mine, is_due | (Checkout.looks < FREE_LOOKS))
        ):
            return False
    statement = update(Checkout).where(mine, is_due | (Checkout.looks < FREE_LOOKS)).values(**taken)
    async with database.session() as session:
        return await session.scalar(statement.returning(Checkout.id)) is not None
