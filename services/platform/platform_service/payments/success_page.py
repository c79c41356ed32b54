"""Where the provider sends the browser back: for anybody, so it must not let anybody make us ask the provider.

A paid checkout is activated by the first load. While one is pending the provider is asked a few times at once, and then
less and less often, whichever process is asked; webhooks and a job find what is paid in between.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, or_, select, update

from platform_service.payments.activation import Outcome, known_outcome, settle
from platform_service.payments.models import Checkout
from platform_service.resources import Resources
from shared.payments.errors import ProviderUnavailable

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


async def outcome_of(resources: Resources, session_id: str) -> Outcome:
    """Where a checkout stands. Raises UnknownCheckout, also without asking, and ProviderUnavailable."""
    known = await known_outcome(resources, session_id)
    if known != "pending" or not await _may_look(resources, session_id):
        return known
    return await settle(resources, session_id)


async def page_after(resources: Resources, session_id: str) -> str:
    """Where a browser goes on. Without an answer of the provider it is pending, until the webhook or a job knows more.

    Raises UnknownCheckout.
    """
    try:
        return billing_page(resources, WORDS[await outcome_of(resources, session_id)])
    except ProviderUnavailable:
        return billing_page(resources, WORDS["pending"])


def accepts_page(accept: str) -> bool:
    """Whether a browser asks, which shows pages; the apps ask for JSON or for anything."""
    return "text/html" in accept


def billing_page(resources: Resources, checkout: str) -> str:
    """The address of the app's billing page, which says what became of the checkout."""
    settings = resources.settings
    host = settings.public_url.rstrip("/") if settings.billing_page.startswith("/") else ""
    page = host + settings.billing_page
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'checkout': checkout})}"


async def _may_look(resources: Resources, session_id: str) -> bool:
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
    async with resources.runtime.database.read(fresh=True) as connection:
        if not await connection.scalar(
            select(func.count()).where(mine, is_due | (Checkout.looks < FREE_LOOKS))
        ):
            return False
    statement = update(Checkout).where(mine, is_due | (Checkout.looks < FREE_LOOKS)).values(**taken)
    async with resources.runtime.database.session() as session:
        return await session.scalar(statement.returning(Checkout.id)) is not None
