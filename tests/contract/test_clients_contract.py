"""Today's clients do not notice the move: their whole contract, replayed at the running stack's gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.contract.clients.people import gathered
from tests.contract.clients.replay import Endpoint, Replay, check_error, endpoints, services
from tests.contract.clients.walks import ai, coocook, platform, review, sns

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

WALKS: dict[str, Callable[[Replay, Any], Awaitable[None]]] = {
    "platform": platform.walk,
    "coocook": coocook.walk,
    "sns": sns.walk,
    "ai": ai.walk,
    "review": review.walk,
}


@pytest.mark.parametrize("service", WALKS)
async def test_every_endpoint_and_every_named_error_answers_as_the_contract_says(
    stack: Any, service: str
) -> None:
    replay = Replay(service)
    async with gathered(stack) as cast:
        await WALKS[service](replay, cast)
    assert replay.left() == []


async def test_sns_answers_at_its_other_address_as_at_its_own(stack: Any) -> None:
    replay = Replay("sns", prefix=("/api/sns/", "/api/sns-auto/"))
    async with gathered(stack) as cast:
        await WALKS["sns"](replay, cast)
    assert replay.left() == []


def test_every_service_of_the_contract_is_walked() -> None:
    assert set(WALKS) == set(services())


def those(condition: Callable[[Endpoint], bool]) -> list[Endpoint]:
    """The endpoints of which it holds."""
    return [entry for entry in endpoints().values() if condition(entry)]


async def test_without_a_token_every_closed_endpoint_says_401(stack: Any) -> None:
    async with gathered(stack) as cast:
        anybody = await cast.anybody()
        for endpoint in those(lambda entry: entry.auth != "none"):
            answer = await anybody.request(endpoint.method, endpoint.path(1))
            check_error(answer, "401", endpoint.name)


async def test_without_the_products_subscription_its_endpoints_say_403(stack: Any) -> None:
    async with gathered(stack) as cast:
        newcomer = await cast.newcomer()
        for endpoint in those(lambda entry: entry.sub is not None):
            answer = await newcomer.request(endpoint.method, endpoint.path(1))
            check_error(answer, "403", endpoint.name)


async def test_who_is_no_admin_is_refused_with_403(stack: Any) -> None:
    async with gathered(stack) as cast:
        demo = await cast.known("demo")
        for endpoint in those(lambda entry: entry.auth == "admin"):
            answer = await demo.request(endpoint.method, endpoint.path(1))
            check_error(answer, "403", endpoint.name)
