"""The users' ways through the platform. Each takes the gateway's URL and the seeded users, and knows nothing else.

So the same steps run against the stack without Docker, against containers, and against whatever else has a gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tests.integration.customer import customer_journey

Users = Mapping[str, Mapping[str, str]]
Journey = Callable[[str, Users], Awaitable[None]]

JOURNEYS: dict[str, Journey] = {
    "a customer registers, subscribes, books, pays, reviews and leaves": customer_journey,
}
