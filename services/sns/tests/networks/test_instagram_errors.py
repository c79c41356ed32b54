"""What Meta's error codes come to, and what is known of a post after one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from services.sns.tests.networks.kit import CREDENTIALS, work
from shared.tls import empty_context
from sns_service.networks.errors import Busy, NetworkError, NoAnswer, Refused, TokenRejected, Unavailable
from sns_service.networks.instagram.network import LongLivedTokens
from sns_service.networks.network import Adapter, TokenRefresher
from sns_service.networks.transport import connect

CONTAINER, LISTING = {"method": "GET", "path": "/c1"}, {"method": "GET", "path": "/u1/media"}
FINISHED = {"status_code": "FINISHED", "status": ""}
TRANSIENT = {"code": 77, "is_transient": True}


def _error(code: int, subcode: int = 0) -> dict[str, Any]:
    return {"code": code, "error_subcode": subcode, "is_transient": False}


@pytest.mark.parametrize(
    ("error", "creating", "publishing"),
    [
        (_error(190, 463), TokenRejected, TokenRejected),
        (_error(102), TokenRejected, TokenRejected),
        (_error(4), Busy, Busy),
        (_error(9, 2207042), Busy, Busy),
        (_error(17), Busy, Busy),
        (_error(32), Busy, Busy),
        (_error(341), Busy, Busy),
        (_error(613), Busy, Busy),
        (_error(80002), Busy, Busy),
        (_error(9007, 2207027), Unavailable, Unavailable),
        (_error(-2, 2207003), Unavailable, NoAnswer),
        (_error(-1, 2207001), Unavailable, NoAnswer),
        (_error(1), Unavailable, NoAnswer),
        (_error(2), Unavailable, NoAnswer),
        (_error(24, 2207008), Unavailable, NoAnswer),
        (TRANSIENT, Unavailable, NoAnswer),
        (_error(10), Refused, Refused),
        (_error(200), Refused, Refused),
        (_error(803), Refused, Refused),
        (_error(36003, 2207009), Refused, Refused),  # the picture's proportions
    ],
)
async def test_a_code_means_the_same_wherever_nothing_can_have_been_published(
    networks: Mapping[str, Adapter],
    networks_url: str,
    fakes: Fakes,
    error: Mapping[str, Any],
    creating: type[NetworkError],
    publishing: type[NetworkError],
) -> None:
    for path, meaning in (("/u1/media", creating), ("/media_publish", publishing)):
        body = {"error": {"message": "plugh", **error}}
        await fakes.fault("instagram", "status", method="POST", path=path, status=400, body=body)
        with pytest.raises(NetworkError, match="plugh") as caught:
            await networks["instagram"].publish(work(networks_url, "card_news", "card.jpg"))
        assert type(caught.value) is meaning
        assert caught.value.may_be_public is (meaning is NoAnswer)
    assert await fakes.posts() == []


@pytest.mark.parametrize("code", [10, 200, 299, 803])
async def test_a_permission_that_is_not_there_is_asked_of_the_user(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, code: int
) -> None:
    body = {"error": {"message": "plugh", "code": code}}
    await fakes.fault("instagram", "status", path="/media_publish", status=400, body=body)
    with pytest.raises(Refused) as caught:
        await networks["instagram"].publish(work(networks_url, "card_news", "card.jpg"))
    assert (caught.value.code, caught.value.may_be_public) == ("credentials_rejected", False)
    assert await fakes.requests("instagram", "GET") == 1  # before, and not after so clear an answer


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, 300.0), ("77", 77.0)], ids=["without Retry-After", "with Retry-After"]
)
async def test_a_limit_is_waited_for_as_long_as_it_says(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, given: str | None, seconds: float
) -> None:
    body = {"error": {"message": "plugh", "code": 4}}
    await fakes.fault("instagram", "status", status=400, body=body, retry_after=given)
    with pytest.raises(Busy) as caught:
        await networks["instagram"].publish(work(networks_url, "card_news", "card.jpg"))
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "body", "given", "seconds"),
    [
        (429, {"odd": True}, "77", 77.0),
        (429, {"odd": True}, None, 300.0),
        (400, {"error": {"code": 4}}, "77", 77.0),
    ],
)
async def test_the_renewal_of_a_token_waits_as_long_as_it_is_told(
    networks_url: str, fakes: Fakes, status: int, body: object, given: str | None, seconds: float
) -> None:
    await fakes.fault("instagram", "status", status=status, body=body, retry_after=given)
    async with connect(timeout=1.0, at_a_time=5, guarded=False) as http:
        exchange: TokenRefresher = LongLivedTokens(http, base_url=f"{networks_url}/instagram")
        with pytest.raises(Busy) as caught:
            await exchange.renew(CREDENTIALS)
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("content", ["#a " * 31, "a" * 2201])
async def test_a_caption_that_is_too_much_is_refused(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, content: str
) -> None:
    card = work(networks_url, "card_news", "card.jpg")
    card.content = content
    with pytest.raises(Refused, match="caption is too long"):
        await networks["instagram"].publish(card)


@pytest.mark.parametrize("refused", [False, True])
async def test_what_is_published_and_cannot_be_looked_at_may_be_public(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, refused: bool
) -> None:
    """Its listing cannot, or, once it was `refused` another time, its container."""
    card = work(networks_url, "card_news", "card.jpg")
    await networks["instagram"].publish(card)
    for kind, status in (("drop_before", 0), ("status", 400), ("status", 429)):
        if refused:
            await fakes.fault("instagram", "status", status=200, body=FINISHED, **CONTAINER)
        await fakes.fault("instagram", kind, status=status, **(CONTAINER if refused else LISTING))
        with pytest.raises(NetworkError) as caught:
            await networks["instagram"].publish(card)
        assert caught.value.may_be_public


async def test_what_is_suspected_as_spam_may_have_been_published(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    await fakes.set(says_blocked=True)
    made = await networks["instagram"].publish(work(networks_url, "card_news", "card.jpg"))
    (post,) = await fakes.posts()
    assert post["id"] == made.id


@pytest.mark.parametrize("status", ["FINISHED", "IN_PROGRESS"])
async def test_what_is_suspected_as_spam_may_still_appear(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, status: str
) -> None:
    spam = {"error": {"message": "Action is blocked", "code": 4, "error_subcode": 2207051}}
    await fakes.fault("instagram", "status", status=400, body=spam, path="/media_publish")
    for body in (FINISHED, {"status_code": status}):
        await fakes.fault("instagram", "status", status=200, body=body, **CONTAINER)
    with pytest.raises(Refused, match="Action is blocked") as caught:
        await networks["instagram"].publish(work(networks_url, "card_news", "card.jpg"))
    assert (caught.value.code, caught.value.may_be_public) == ("refused", True)


async def test_what_another_user_made_is_not_published(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    card = work(networks_url, "card_news", "card.jpg")
    await fakes.fault("instagram", "status", status=400, body={"error": _error(9007)}, path="/media_publish")
    with pytest.raises(Unavailable):
        await networks["instagram"].publish(card)
    other = work(networks_url, "card_news", "card.jpg", credentials={**CREDENTIALS, "user_id": "u2"})
    other.progress |= card.progress
    with pytest.raises(Refused, match="does not exist"):
        await networks["instagram"].publish(other)
    assert await fakes.posts() == []


async def test_a_wrong_adapter_does_not_pass(networks_url: str, fakes: Fakes) -> None:
    """The fake's own: with pictures that are posts by themselves or are none, or without a word of what it wants."""
    bearer, picture = {"Authorization": "Bearer t"}, {"image_url": "a"}
    async with httpx.AsyncClient(
        base_url=f"{networks_url}/instagram", headers=bearer, verify=empty_context()
    ) as http:
        post = (await http.post("u1/media", data=picture)).json()["id"]
        child = (await http.post("u1/media", data=picture | {"is_carousel_item": "true"})).json()["id"]
        for children, status in ((f"{child},c1", 400), (f"{child},{post}", 400), (f"{child},{child}", 200)):
            carousel = {"media_type": "CAROUSEL", "children": children}
            assert (await http.post("u1/media", data=carousel)).status_code == status
        assert (await http.post("u1/media_publish", data={"creation_id": child})).status_code == 400
        assert (await http.get(post)).json() == {"id": post}
