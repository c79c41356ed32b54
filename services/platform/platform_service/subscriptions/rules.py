"""When a subscription gives access, and what it is worth; no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from shared.payments.provider import PaidInvoice
from shared.schemas.dates import months_later
from shared.schemas.money import CURRENCIES, decimals

PlanType = Literal["monthly", "annual"]
Status = Literal["active", "canceled", "expired"]
MONTHS_A_YEAR = 12
# The provider's words. Past due is not suspended: the provider tries the card again for some days, while what was
# paid and the grace run out here. What is in neither set waits for a payment, and comes back with it.
RUNNING = frozenset({"active", "trialing", "past_due"})
ENDED = frozenset({"canceled", "incomplete_expired"})


def valid_until(period_end: datetime | None, grace: timedelta) -> datetime | None:
    """The end of access: the paid period, and the time that a renewal may need to be paid. None: open-ended."""
    return None if period_end is None else period_end + grace


def is_over(period_end: datetime | None, *, grace: timedelta, now: datetime) -> bool:
    """Whether what was paid for has run out, the grace included."""
    until = valid_until(period_end, grace)
    return until is not None and until <= now


def status_at(
    status: Status, period_end: datetime | None, *, suspended: bool, grace: timedelta, now: datetime
) -> Status:
    """The status to show: an active subscription without access is expired, whether or not a job marked it."""
    without_access = suspended or is_over(period_end, grace=grace, now=now)
    return "expired" if status == "active" and without_access else status


def last_paid(invoices: Sequence[PaidInvoice]) -> PaidInvoice | None:
    """The invoice that paid for the latest period; None where none paid for any."""
    with_period = [invoice for invoice in invoices if invoice.period_end is not None]
    return max(with_period, key=lambda invoice: invoice.period_end or invoice.paid_at, default=None)


def paid_after(invoice: PaidInvoice, ended_at: datetime, paid_until: datetime | None) -> bool:
    """Whether an invoice was paid, or its period began, after the subscription had ended.

    The provider counts whole seconds. In the second of the end it is what the end had not seen: a period beyond
    `paid_until`, to which the subscription was paid when it ended.
    """
    begins, ends = invoice.period_start, invoice.period_end
    in_that_second = invoice.paid_at >= ended_at.replace(microsecond=0)
    is_news = ends is not None and paid_until is not None and ends > paid_until
    is_of_later = begins is not None and begins >= ended_at
    return invoice.paid_at > ended_at or is_of_later or (in_that_second and is_news)


def period_end(anchor: datetime, plan_type: PlanType, *, periods: int = 1) -> datetime:
    """When so many periods end of a subscription that began at `anchor`, in the provider's months.

    Only the first one is counted here, until the provider has listed its invoice: those that follow are the
    provider's, which counts from its own anchor.
    """
    return months_later(anchor, periods * (1 if plan_type == "monthly" else MONTHS_A_YEAR))


def monthly_value(price: Decimal, plan_type: PlanType) -> Decimal:
    """What a subscription is worth a month, unrounded."""
    return price if plan_type == "monthly" else price / MONTHS_A_YEAR


def interval(plan_type: PlanType) -> Literal["month", "year"]:
    """The provider's word for a plan."""
    return "month" if plan_type == "monthly" else "year"


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole units of what `currency` counts in: cents, or won. As it is where nobody knows that."""
    if currency not in CURRENCIES:
        return amount
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def converted(amount: Decimal, currency: str, *, to: str, rates: Mapping[str, Decimal]) -> Decimal | None:
    """`amount` in `to`, unrounded, by `rates` (what one unit of each currency is worth in `to`); None without one."""
    if currency == to:
        return amount
    return amount * rates[currency] if currency in rates else None
