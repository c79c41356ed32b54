"""The users' ways through the platform. Each takes something with a `gateway`, a URL, and the seeded `users`.

So the same steps run against the stack without Docker, against containers, and against whatever else has a gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from tests.integration.ai import bootcamp_journey, employee_journey
from tests.integration.customer import customer_journey
from tests.integration.review import campaign_journey, demo_user_journey
from tests.integration.sns import author_journey


class Platform(Protocol):
    """A running platform, from outside. Each of the users has an `email` and a `password`."""

    @property
    def gateway(self) -> str: ...

    @property
    def users(self) -> Mapping[str, Mapping[str, str]]: ...

    @property
    def networks(self) -> str:
        """The fake social networks, which belong to the outside world."""

    async def execute(self, service: str, statement: str) -> None:
        """One statement in a service's database, for what no client can do: let time pass."""


Journey = Callable[[Any], Awaitable[None]]

JOURNEYS: dict[str, Journey] = {
    "a customer registers, subscribes, books, pays, reviews and leaves": customer_journey,
    "an employee is hired, trained, works, is watched and saves": employee_journey,
    "an author links, writes, schedules, publishes, fails, retries and counts": author_journey,
    "a campaign is found in Korean, filled and decided, and a partner is crawled": campaign_journey,
    "the development user applies and is known by name": demo_user_journey,
    "students enrol until the seats are gone and deploy a web app": bootcamp_journey,
}
