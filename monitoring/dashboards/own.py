"""What only one service has: the panels in the middle of its dashboard."""

from __future__ import annotations

from collections.abc import Callable

from monitoring.dashboards.board import COUNT, EACH_SECOND, EVENTS, SECONDS, Limit, Panel, panel
from monitoring.dashboards.promql import Queries, quantile, rate, total, within


def platform() -> list[Panel]:
    of = 'service="platform", instance=~"$instance"'
    return [
        panel(
            "Password hashes that wait",
            total("instance", "password_hashes_waiting", of),
            unit=COUNT,
            runbook="requests-waiting",
            width=6,
            says="Hashing is slow by design and has few threads. A queue that stays: more logins than "
            "the processes can do, or an attack.",
        ),
        panel(
            "Wait for a hash (p95)",
            quantile(0.95, "instance", "password_hash_wait_seconds", of),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(1),
            width=6,
            says="Comes on top of the hash itself, so it is what people feel at the login.",
        ),
        panel(
            "Payments",
            rate("kind, outcome", "payments_total", 'service="platform"'),
            unit=EACH_SECOND,
            runbook="/payments",
            width=6,
            says="By the ledger's kinds. Failed charges or disputes that rise: a card's issuer, a "
            "price, or fraud.",
        ),
        panel(
            "The provider's events",
            rate("type, outcome", "payment_events_total", 'service="platform"'),
            unit=EVENTS,
            runbook="/payments",
            width=6,
            says="None while customers pay: the provider does not reach us. The runbook says what the "
            "outcomes mean.",
        ),
    ]


def sns() -> list[Panel]:
    return [
        panel(
            "Calls to networks",
            _calls("sns"),
            unit=EACH_SECOND,
            runbook="/failed-posts",
            says="4xx of one network: accounts whose authorization has ended, or a changed API. 5xx and "
            "error: it is down.",
        ),
        panel(
            "Networks' time (p95)",
            _call_time("sns"),
            unit=SECONDS,
            runbook="/failed-posts",
            says="A slow network holds its places for publishing; the others go on.",
        ),
        panel(
            "Posts",
            _events("sns", "post"),
            unit=EVENTS,
            runbook="/failed-posts",
            says="Published and failed. Failures alone that rise: see which network on the left.",
        ),
    ]


def ai() -> list[Panel]:
    return [
        panel(
            "Calls to language models",
            _calls("ai", targets="anthropic|openai"),
            unit=EACH_SECOND,
            runbook="jobs-failing",
            says="4xx: the key, the model's name or its limits. 5xx and error: it is down. Empty with "
            "the local provider.",
        ),
        panel(
            "Runs",
            _events("ai", "run|employee"),
            unit=EVENTS,
            runbook="jobs-failing",
            says="Completed runs and employees made ready. None while jobs wait: the provider, or no worker.",
        ),
        panel(
            "Jobs' time (p95)",
            quantile(0.95, "kind", "job_duration_seconds", 'service="ai"'),
            unit=SECONDS,
            runbook="jobs-not-starting",
            says="Slow runs hold the places that RUNS_AT_A_TIME allows, and others wait.",
        ),
    ]


def review() -> list[Panel]:
    search = 'service="review", route=~".*(search|suggest).*"'
    return [
        panel(
            "Crawls",
            within("1h", "site, status", "crawls_total", 'service="review"'),
            unit=COUNT,
            runbook="/crawls",
            says="That ended within an hour. `suspicious` awaits a decision; `failed` of one site: a "
            "changed page, or a refusal.",
        ),
        panel(
            "Partner sites' time (p95)",
            _call_time("review"),
            unit=SECONDS,
            runbook="/crawls",
            says="A slow site only makes its own crawl late.",
        ),
        panel(
            "Search (p95)",
            quantile(0.95, "route", "http_request_duration_seconds", search),
            unit=SECONDS,
            runbook="high-latency",
            limit=Limit(0.1),
            says="The heaviest read of the service. Slow alone: its index does not fit in memory any more.",
        ),
    ]


def coocook() -> list[Panel]:
    return [
        panel(
            "Bookings",
            _events("coocook", "booking"),
            unit=EVENTS,
            runbook="consumer-lag",
            says="Created without confirmed: people do not pay, or cannot.",
        ),
        panel(
            "Bookings' payments",
            rate("kind, outcome", "payments_total", 'service="coocook"'),
            unit=EACH_SECOND,
            runbook="/payments",
            says="Failed ones that rise: the provider, see its calls, or a card's issuer.",
        ),
        panel(
            "Calls to the payment provider",
            _calls("coocook", targets="stripe"),
            unit=EACH_SECOND,
            runbook="/payments",
            says="4xx: declined cards. 5xx and error: it is down; a job settles afterwards what is open.",
        ),
    ]


def _calls(service: str, *, targets: str = ".+") -> Queries:
    of = f'service="{service}", target=~"{targets}", instance=~"$instance"'
    return rate("target, outcome", "http_client_request_duration_seconds_count", of)


def _call_time(service: str) -> Queries:
    of = f'service="{service}", instance=~"$instance"'
    return quantile(0.95, "target", "http_client_request_duration_seconds", of)


def _events(service: str, kinds: str) -> Queries:
    return rate("type", "events_published_total", f'service="{service}", type=~"({kinds})[.].+"')


OWN: dict[str, Callable[[], list[Panel]]] = {
    "platform": platform,
    "coocook": coocook,
    "sns": sns,
    "review": review,
    "ai": ai,
}
"""The panels by the service's name."""
