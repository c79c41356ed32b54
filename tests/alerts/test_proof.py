"""What goes wrong reaches somebody in time, and so does its end, with the real Prometheus and Alertmanager.

A day passes in an hour (--pace 24; `make alert-proof` lets it pass in a day). Four faults at once, each of a service of
its own, so that it is also seen that each alert names the right one, and that nobody is told anything else:

- coocook's database makes its users wait, then its API dies: ServiceDown, which silences the errors before it.
- The payment provider's network is slow. Of all networks outside, this is the one that a user waits for, in the
  checkout, so it is a page about platform's latency. The social networks are asked by a worker: while they are slow,
  requests stay fast, and what users notice is
- that sns' queue fills: JobsNotStarting. A slow network fills it here, too.
- The replica stops replaying while nobody reads from it: ReplicaLag.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from monitoring import ROOT
from monitoring.inhibitions import PROCESSES
from monitoring.tools import Tools
from shared.tasks import cancel_and_wait
from testing import eventually
from tests.alerts.pace import Pace
from tests.alerts.watched import PUBLISH_AT_A_TIME, Watched, watched_stack
from tests.alerts.webhook import Told, listening

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

BURNING = ("AvailabilityBudgetBurn", "LatencyBudgetBurn")
"""They look back for days, and with so little behind it a stack's budget is gone at once."""
POST_SECONDS = 5.0
"""What the slow network takes for one."""
TOLD = {
    ("ServiceDown", "coocook", "page"),
    ("HighLatency", "platform", "page"),
    ("LatencyBudgetBurn", "platform", "page"),
    ("JobsNotStarting", "sns", "ticket"),
    *(("ReplicaLag", service, "ticket") for service in ("platform", "coocook", "sns")),
    # Review and ai do not run, so that nobody reads for them what platform publishes: that is seen as well.
    ("ConsumerLag", "review", "page"),
    ("ConsumerLag", "ai", "page"),
}
BEFORE = {("HighErrorRate", "coocook", "page"), ("HighLatency", "coocook", "page")}
"""On a slow machine these may come before the service is seen to be down; from then on nothing comes."""
UNHURRIED = 12.0
"""At a quicker pace a starved process may seem to be gone: it has a second for a scrape, and some to be seen again."""


@pytest.fixture
async def watched(
    tmp_path: Path, pytestconfig: pytest.Config, monitoring_tools: Tools
) -> AsyncIterator[Watched]:
    with listening() as webhook:
        async with watched_stack(tmp_path, Pace(pytestconfig.getoption("pace")), webhook) as watched:
            yield watched
            began = watched.webhook.told[0].at if watched.webhook.told else 0.0
            for told in watched.webhook.told:  # shown where the test fails
                print(f"{told.at - began:6.1f} s", told.status, *told.about, told.labels.get("window", ""))


def app(watched: Watched, service: str, token: str) -> httpx.AsyncClient:
    """Somebody's app, which speaks to one service."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=watched.about["services"][service], headers=headers, timeout=20)


@asynccontextmanager
async def again_and_again(
    ask: Callable[[], Awaitable[httpx.Response]], *, every: float
) -> AsyncIterator[None]:
    """Somebody asks while inside, whatever comes of it, a few times at once where it takes longer."""

    async def once() -> None:
        with suppress(httpx.HTTPError):
            await ask()

    async def keep_asking() -> None:
        while True:
            await asyncio.gather(once(), asyncio.sleep(every))

    asking = [asyncio.create_task(keep_asking()) for _ in range(3)]
    try:
        yield
    finally:
        await cancel_and_wait(*asking)


async def arrives(
    watched: Watched, name: str, service: str, *durations: str, status: str = "firing", **labels: str
) -> Told:
    """The alert, once it has; it says what somebody needs who is woken by it."""

    async def found() -> Told | None:
        return watched.webhook.find(name, service, status, **labels)

    told = await eventually(found, within=watched.within(*durations), every=0.1)
    assert told is not None
    assert told.receiver == f"{told.labels['severity']}s"
    assert service in told.annotations["summary"]
    assert (ROOT / told.annotations["runbook"]).read_text().startswith(f"# {name}\n")
    return told


async def a_service_fails_and_dies(watched: Watched) -> None:
    async with app(watched, "coocook", watched.demo) as http:
        await fail_and_die(watched, http)
    down = await arrives(watched, "ServiceDown", "coocook", "1m", "15s")

    async def silenced_by() -> set[str]:
        return await watched.silenced_by("HighErrorRate", "coocook")

    async def errors_are_past() -> bool:
        return await watched.active_for("HighErrorRate", "coocook") is None

    await eventually(silenced_by, within=watched.within("5m"), until=lambda names: names == {"ServiceDown"})
    await eventually(errors_are_past, within=watched.within("5m"))
    while_down = [told for told in watched.webhook.of("coocook") if told.at > down.at]
    assert {told.name for told in while_down} <= {"ServiceDown"}
    await watched.start("coocook-api")
    await arrives(watched, "ServiceDown", "coocook", "1m", "2m", status="resolved")


async def fail_and_die(watched: Watched, http: httpx.AsyncClient) -> None:
    """Some requests fail, for less than the five minutes after which somebody is told; then the service is gone."""

    async def pending() -> bool:
        return (await watched.active_for("HighErrorRate", "coocook") or 0) > watched.pace.seconds("90s")

    async with (
        watched.owning("coocook") as owner,
        owner.transaction(),
        again_and_again(lambda: http.get("/api/coocook/chefs"), every=0.1),
        again_and_again(lambda: http.get("/api/coocook/bookings"), every=0.3),
    ):
        await owner.execute("LOCK TABLE bookings IN ACCESS EXCLUSIVE MODE")
        await eventually(pending, within=watched.within("5m", "90s"), every=0.1)
        await watched.kill("coocook-api")


async def the_payment_provider_is_slow(watched: Watched) -> None:
    faults = f"{watched.about['sandbox']}/_sandbox/faults"
    async with app(watched, "platform", watched.newcomer) as http:
        products = (await http.get("/api/platform/products")).json()

        async def check_out() -> httpx.Response:
            return await http.post(
                "/api/payment/checkout", json={"product_id": secrets.choice(products)["id"]}
            )

        async with again_and_again(lambda: http.get("/api/payment/billing-info"), every=1):
            for path in ("/v1/customers", "/v1/checkout/sessions"):
                slow = {"path": path, "mode": "slow", "times": 1_000_000, "seconds": 2}
                assert (await watched.http.post(faults, json=slow)).status_code == 201
            async with again_and_again(check_out, every=1):
                await arrives(watched, "LatencyBudgetBurn", "platform", "5m", "15s", window="1h")
                await arrives(watched, "HighLatency", "platform", "5m", "5m", "15s")
            await watched.http.delete(faults)
            await arrives(watched, "HighLatency", "platform", "5m", "2m", status="resolved")
            await arrives(
                watched, "LatencyBudgetBurn", "platform", "5m", "2m", status="resolved", window="1h"
            )


async def a_queue_fills(watched: Watched) -> None:
    async with (
        httpx.AsyncClient(base_url=f"{watched.about['networks']}/_fake/", timeout=20) as control,
        app(watched, "sns", watched.demo) as http,
    ):
        fakes = Fakes(control)
        await fakes.set(before=POST_SECONDS)
        told_after = watched.pace.seconds("5m") + watched.pace.seconds("5m") + watched.within("1m")
        await write_posts(http, count=int(told_after / POST_SECONDS * PUBLISH_AT_A_TIME) + 10)
        late = await arrives(watched, "JobsNotStarting", "sns", "5m", "5m", "1m")
        assert late.labels["kind"]
        await fakes.reset()
        await arrives(watched, "JobsNotStarting", "sns", "10m", "1m", status="resolved")


async def write_posts(http: httpx.AsyncClient, *, count: int) -> None:
    linked = await http.post("/api/sns/accounts", json={"platform": "blog", "account_name": "proof"})
    assert linked.status_code == 201, linked.text
    due: dict[str, Any] = {
        "account_id": linked.json()["id"],
        "template_type": "blog_post",
        "scheduled_at": datetime.now(UTC).isoformat(),
    }
    posts = [{**due, "content": f"Post {number}."} for number in range(count)]
    written = await http.post("/api/sns/posts/bulk", json={"posts": posts})
    assert written.status_code == 201, written.text


async def the_replica_lags(watched: Watched) -> None:
    async with watched.owning(replica=True) as replica:
        await replica.execute("SELECT pg_wal_replay_pause()")
        await arrives(watched, "ReplicaLag", "sns", "5m", "1m")
        await replica.execute("SELECT pg_wal_replay_resume()")
    await arrives(watched, "ReplicaLag", "sns", "10m", status="resolved")


async def test_each_fault_brings_its_alert_in_time_and_no_other_and_then_its_end(watched: Watched) -> None:
    async with asyncio.TaskGroup() as faults:
        for fault in (
            a_service_fails_and_dies,
            the_payment_provider_is_slow,
            a_queue_fills,
            the_replica_lags,
        ):
            faults.create_task(fault(watched), name=fault.__name__)
    told = {told.about for told in watched.webhook.told if told.status == "firing"}
    tolerated = BURNING if watched.pace.factor <= UNHURRIED else (*BURNING, *PROCESSES)
    assert {about for about in told - TOLD - BEFORE if about[0] not in tolerated} == set()
    assert {service for name, service, _ in told if name in BURNING} <= {"coocook", "platform"}
