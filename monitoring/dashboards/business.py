"""What people do: they register, subscribe, pay, book, publish, review and let run. Counted where it happens."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import COUNT, SHARE, Limit, Panel, board, number, panel
from monitoring.dashboards.promql import Queries, within

TODAY = {
    "Registrations": "user.registered",
    "Changes of access": "entitlement.changed",
    "Bookings": "booking.created",
    "Posts published": "post.published",
    "Runs completed": "run.completed",
}
"""What is counted within a day, by its event."""


def business() -> Dashboard:
    rows = [("Within 24 hours", _today()), ("Money", _money()), ("What happens", _happens())]
    return board("business", "Business", __doc__ or "", rows)


def _today() -> list[Panel]:
    says = (
        "Within 24 hours. Far below yesterday while users are online: something on the way to it is broken."
    )
    online = "Sessions in use. A sudden fall: tokens are no longer refreshed, or nobody gets through."
    return [
        number("Users online", "max(sessions_active)", unit=COUNT, says=online, runbook="/scaling"),
        *(
            number(title, _within_a_day(event), unit=COUNT, says=says, runbook="consumer-lag")
            for title, event in TODAY.items()
        ),
    ]


def _within_a_day(event: str) -> str:
    return f'sum(increase(events_published_total{{type="{event}"}}[1d]))'


def _money() -> list[Panel]:
    paid = "sum by (service) (increase(payments_total[1h]))"
    failed = 'sum by (service) (increase(payments_total{outcome="failed"}[1h]))'
    return [
        panel(
            "Payments",
            within("1h", "service, kind, outcome", "payments_total"),
            unit=COUNT,
            runbook="/payments",
            says="Within an hour. None by day: customers cannot pay. Refunds and disputes that rise: a "
            "product, or fraud.",
        ),
        panel(
            "Share of payments that failed",
            {"{{service}}": f"({failed} or 0 * {paid}) / ({paid} > 0)"},
            unit=SHARE,
            runbook="/payments",
            limit=Limit(0.1),
            says="Within an hour. Cards are declined all the time; a tenth is not normal.",
        ),
        panel(
            "The payment provider's events",
            within("1h", "type, outcome", "payment_events_total"),
            unit=COUNT,
            runbook="/payments",
            says="Within an hour. None while people pay: the provider does not reach us.",
        ),
    ]


def _happens() -> list[Panel]:
    return [
        panel(
            "Accounts and access",
            _events("user|entitlement"),
            unit=COUNT,
            runbook="consumer-lag",
            says="Within an hour. Deletions, or changes of access, that rise at once: a release, or a "
            "wrong charge.",
        ),
        panel(
            "Bookings and ratings",
            _events("booking|chef"),
            unit=COUNT,
            runbook="consumer-lag",
            says="Within an hour. Created without confirmed: people do not pay, or cannot.",
        ),
        panel(
            "Posts",
            _events("post"),
            unit=COUNT,
            runbook="/failed-posts",
            says="Within an hour. Failures: networks that refuse; the dashboard of sns says which.",
        ),
        panel(
            "Campaigns and applications",
            _events("campaign|application"),
            unit=COUNT,
            runbook="consumer-lag",
            says="Within an hour. Applications without campaigns: creators do not come any more.",
        ),
        panel(
            "AI employees and bootcamp",
            _events("run|employee|enrollment"),
            unit=COUNT,
            runbook="jobs-failing",
            says="Within an hour. Runs that stop: the models' provider; the dashboard of ai says more.",
        ),
        panel(
            "Crawls of partner sites",
            within("1d", "site, status", "crawls_total"),
            unit=COUNT,
            runbook="/crawls",
            says="Within a day. A site without `succeeded` shows old listings.",
        ),
    ]


def _events(kinds: str) -> Queries:
    return within("1h", "type", "events_published_total", f'type=~"({kinds})[.].+"')
