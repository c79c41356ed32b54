"""Every journey, against the images."""

from __future__ import annotations

import pytest

from tests.integration.containers.fleet import Fleet
from tests.integration.journeys import JOURNEYS

pytestmark = pytest.mark.containers


@pytest.mark.parametrize("journey", JOURNEYS)
async def test_a_journey_through_containers(fleet: Fleet, journey: str) -> None:
    await JOURNEYS[journey](fleet)
