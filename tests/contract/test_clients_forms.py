"""Today's forms as they are sent, with what nobody filled in and every option of every menu, at the running stack."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from stack.services import NAMES
from tests.contract.clients.forms import ai, coocook, platform, review, sns
from tests.contract.clients.people import gathered
from tests.contract.clients.replay import Replay

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]

FORMS: dict[str, Callable[[Replay, Any], Awaitable[None]]] = {
    "platform": platform.fill_in,
    "coocook": coocook.fill_in,
    "sns": sns.fill_in,
    "review": review.fill_in,
    "ai": ai.fill_in,
}


@pytest.mark.parametrize("service", FORMS)
async def test_every_option_of_every_form_is_taken_and_shown_as_it_was_given(
    stack: Any, service: str
) -> None:
    async with gathered(stack) as cast:
        await FORMS[service](Replay(service), cast)


def test_every_service_of_the_contract_has_its_forms_filled_in() -> None:
    assert set(FORMS) == set(NAMES)


async def test_sns_forms_are_taken_at_its_other_address_too(stack: Any) -> None:
    async with gathered(stack) as cast:
        await sns.fill_in(Replay("sns", prefix=("/api/sns/", "/api/sns-auto/")), cast)
