"""The adapters, before the fake networks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from fakes.networks.client import Fakes, settings_of
from services.sns.tests.conftest import KEY
from services.sns.tests.networks.kit import work
from sns_service.networks.network import Adapter, Publication
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from sns_service.settings import SnsSettings
from testing.app import BASE_SETTINGS


@pytest.fixture
def settings(networks_url: str) -> SnsSettings:
    """Which lead to the fakes."""
    return SnsSettings(
        **{**BASE_SETTINGS, **settings_of(networks_url)},
        database_url="postgresql://a@b/c",
        redis_url="redis://a",
        credential_keys=KEY,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """As the worker has it, with a second for an answer."""
    async with connect(timeout=1.0, at_a_time=5, guarded=False) as http:
        yield http


@pytest.fixture
def networks(settings: SnsSettings, client: httpx.AsyncClient) -> Mapping[str, Adapter]:
    return adapters_with(client, settings)


@pytest.fixture
def youtube(networks: Mapping[str, Adapter], fakes: Fakes) -> Adapter:
    return networks["youtube_shorts"]


@pytest.fixture
def short(networks_url: str) -> Publication:
    """A Short on its way."""
    return work(networks_url, "shorts", "clip.mp4")
