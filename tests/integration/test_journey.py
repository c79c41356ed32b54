"""Every journey through the running stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.journeys import JOURNEYS

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_a_journey_by_the_gateway_alone(stack: Any, journey: str) -> None:
    await JOURNEYS[journey](stack)
