"""What all adapters have in common."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from email.utils import format_datetime

import httpx
import pytest

from fakes.networks.client import Fakes, settings_of
from services.sns.tests.conftest import KEY
from services.sns.tests.networks.kit import CREDENTIALS, work
from shared.schemas.dates import utcnow
from sns_service.networks.errors import Busy, NetworkError, NoAnswer, Refused, Unavailable, marked
from sns_service.networks.http import LONGEST_WAIT, retry_after
from sns_service.networks.network import Adapter
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from sns_service.settings import SnsSettings
from testing.app import BASE_SETTINGS


@pytest.mark.parametrize("platform", ["blog", "instagram", "tiktok", "youtube_shorts", "twitter"])
async def test_rejected_credentials_are_told_apart(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, platform: str
) -> None:
    media = "clip.mp4" if platform == "youtube_shorts" else "card.jpg"
    wrong = CREDENTIALS | {"access_token": "wrong", "application_password": "wrong"}
    with pytest.raises(Refused) as caught:
        await networks[platform].publish(work(networks_url, "x", media, credentials=wrong))
    assert caught.value.code == "credentials_rejected"


@pytest.mark.parametrize("platform", ["blog", "instagram", "tiktok", "youtube_shorts", "twitter"])
async def test_a_network_that_is_down_is_unavailable_before_anything_was_sent(platform: str) -> None:
    settings = SnsSettings(
        **{**BASE_SETTINGS, **settings_of("http://127.0.0.1:9")},
        database_url="postgresql://a@b/c",
        redis_url="redis://a",
        credential_keys=KEY,
    )
    async with connect(timeout=1.0, at_a_time=5, guarded=False) as http:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await adapters_with(http, settings)[platform].publish(work("http://127.0.0.1:9", "x", "a.jpg"))


async def test_nonsense_from_a_proxy_is_told_without_a_failure_of_ours(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    await fakes.fault("wordpress", "status", status=502, body={"odd": True})
    with pytest.raises(NoAnswer, match="WordPress answered 502: Bad Gateway"):
        await networks["blog"].publish(work(networks_url, "blog_post"))
    await fakes.fault("tiktok", "status", path="/init/", status=200, body={"odd": True})
    with pytest.raises(NoAnswer):
        await networks["tiktok"].publish(work(networks_url, "card_news", "card.jpg"))


async def test_a_retry_after_may_be_a_date(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    date = format_datetime(utcnow() + datetime.timedelta(seconds=40), usegmt=True)
    await fakes.fault("wordpress", "status", status=503, retry_after=date)
    with pytest.raises(Busy) as caught:
        await networks["blog"].publish(work(networks_url, "blog_post"))
    assert 35 < caught.value.retry_after <= 40
    for given, seconds in (("-1", 30.0), ("soon", 30.0), ("", 30.0), ("99999999", LONGEST_WAIT), ("0", 0.0)):
        assert retry_after(httpx.Response(429, headers={"Retry-After": given})) == seconds


@pytest.mark.parametrize("error", [Busy("wait", retry_after=3), Refused("no", code="x"), Unavailable("away")])
def test_an_error_is_marked_for_one_post_alone(error: NetworkError) -> None:
    other = marked(error)
    assert (type(other), str(other), other.may_be_public) == (type(error), str(error), True)
    assert {**vars(other), "may_be_public": False} == {**vars(error), "may_be_public": False}
    assert not error.may_be_public
