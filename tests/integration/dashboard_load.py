"""A small load of everything that the dashboards show, and Prometheus that has seen it."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import httpx

from testing import eventually
from tests.integration.ai import bootcamp_journey, employee_journey
from tests.integration.customer import Person, customer_journey
from tests.integration.journeys import Journey
from tests.integration.review import campaign_journey
from tests.integration.sns import Author


async def publish(platform: Any) -> None:
    """An author posts to Instagram, and may not delete what is public. No journey: that one also measures time."""
    demo = platform.users["demo"]
    async with await Person.log_in(platform.gateway, demo["email"], demo["password"]) as person:
        author = Author(person)
        card = await author.write(await author.link("instagram"), f"Card {author.mark}", "card_news")
        await author.expect(202, "POST", f"/posts/{card}/publish", json={})
        await author.becomes(card, "published")
        await author.expect(409, "DELETE", f"/posts/{card}")


TWICE = (publish, employee_journey, campaign_journey)
"""A counter that has just begun has no rate: what happens once in a journey needs a second one."""
LANES = ((customer_journey, customer_journey), (*TWICE, bootcamp_journey, *TWICE))
"""Two at a time. The customer mostly waits, and is the only one for whom coocook calls the payment provider."""
WINDOW = "15s"


@dataclass(frozen=True)
class Seen:
    """What a Prometheus has seen between two times."""

    prometheus: str
    since: float
    until: float

    def series(self, expr: str) -> list[dict[str, str]]:
        """The labels of what an expression found at any time, as a number."""
        asked = {"query": expr, "start": self.since, "end": self.until, "step": 1}
        found = ask(self.prometheus, "query_range", **asked)["result"]
        return [one["metric"] for one in found if any(map(_is_number, one["values"]))]


def ask(prometheus: str, path: str, **asked: Any) -> Any:
    with urlopen(f"{prometheus}/api/v1/{path}?{urlencode(asked)}", timeout=10) as answer:  # noqa: S310
        return json.load(answer)["data"]


def _is_number(value: tuple[float, str]) -> bool:
    return math.isfinite(float(value[1]))


async def load(platform: Any, prometheus: str) -> Seen:
    """Everybody's way, two at a time, with what clients do wrong; then until the last rule has seen it."""
    since = time.time()
    await _mistakes(platform.gateway)
    async with asyncio.TaskGroup() as people:
        for lane in LANES:
            people.create_task(_one_after_another(lane, platform))
    done = time.time()

    async def evaluated() -> bool:
        rules = [
            rule for group in ask(prometheus, "rules", type="record")["groups"] for rule in _recorded(group)
        ]
        return all(rule > done + 1 for rule in rules)

    await eventually(evaluated, within=15, every=0.2)
    return Seen(prometheus, since, time.time())


async def _one_after_another(lane: Sequence[Journey], platform: Any) -> None:
    for walk in lane:
        await walk(platform)


def _recorded(group: dict[str, Any]) -> Iterator[float]:
    """When each of a group's rules was evaluated last, in seconds."""
    for rule in group["rules"]:
        moment, _, fraction = rule["lastEvaluation"].partition(".")
        yield (
            time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%S"))
            - time.timezone
            + float(f"0.{fraction[:3]}")
        )


async def _mistakes(gateway: str) -> None:
    async with httpx.AsyncClient(base_url=gateway, timeout=10) as anybody:
        for path in (
            "/api/coocook/chefs/0",
            "/api/review/campaigns/0",
            "/api/sns/posts",
            "/api/ai-automation/employees",
        ):
            assert (await anybody.get(path)).status_code in (401, 404, 422)
