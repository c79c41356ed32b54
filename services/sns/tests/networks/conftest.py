"""The adapters, before the fake networks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from services.sns.tests.conftest import KEY
from shared.testing.app import BASE_SETTINGS
from sns_service.networks.http import connect
from sns_service.networks.network import (
    Network,
)
from sns_service.networks.registry import networks_with
from sns_service.settings import SnsSettings
from tests.networks.client import settings_of


@pytest.fixture
async def networks(networks_url: str) -> AsyncIterator[Mapping[str, Network]]:
    settings = SnsSettings(
        **{**BASE_SETTINGS, **settings_of(networks_url)},
        database_url="postgresql://a@b/c",
        redis_url="redis://a",
        credential_keys=KEY,
    )
    http = connect(timeout=1.0, at_a_time=5, guarded=False)
    yield networks_with(http, settings)
    await http.aclose()
