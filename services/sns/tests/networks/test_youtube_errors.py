"""What YouTube's answers mean."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fakes.networks.client import Fakes
from shared.tls import empty_context
from sns_service.networks.errors import (
    Busy,
    FailedThere,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
)
from sns_service.networks.network import Adapter, Publication


def saying(reason: str) -> dict[str, Any]:
    return {"error": {"message": f"It is {reason}", "errors": [{"reason": reason}]}}


async def refusal(youtube: Adapter, short: Publication) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await youtube.publish(short)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        ({"uploadStatus": "rejected", "rejectionReason": "duplicate"}, "refused", "rejected: duplicate"),
        ({"uploadStatus": "failed", "failureReason": "codec"}, "media_refused", "failed: codec"),
        ({"uploadStatus": "deleted"}, "refused", "deleted: it does not say why"),
        ({"privacyStatus": "private"}, "refused", "keeps the video private.* not verified"),
        ({"privacyStatus": "unlisted"}, "refused", "keeps the video unlisted"),
    ],
)
async def test_a_video_that_nobody_sees_is_not_published(
    youtube: Adapter, short: Publication, fakes: Fakes, status: dict[str, str], code: str, text: str
) -> None:
    await fakes.set(video_status=status)
    for ask in (youtube.publish, youtube.find):
        with pytest.raises(FailedThere, match=text) as caught:
            await ask(short)
        assert (caught.value.code, caught.value.again) == (code, False)
    assert await fakes.posts() == []


async def test_a_video_that_is_processed_is_published(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.set(video_status={"uploadStatus": "processed"})
    assert (await youtube.publish(short)).id


async def test_an_answer_without_a_status_names_a_published_video(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=201, body={"id": "v1"})
    assert (await youtube.publish(short)).url == "https://www.youtube.com/shorts/v1"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("status", "reason", "seconds"),
    [
        (403, "quotaExceeded", 3600),
        (403, "dailyLimitExceeded", 3600),
        (400, "uploadLimitExceeded", 3600),
        (403, "rateLimitExceeded", 60),
        (429, "userRateLimitExceeded", 60),
    ],
)
async def test_a_limit_is_waited_for(
    youtube: Adapter, short: Publication, fakes: Fakes, method: str, status: int, reason: str, seconds: float
) -> None:
    fault = {"method": method, "status": status, "body": saying(reason)}
    await fakes.fault("youtube", "status", **fault)
    error = await refusal(youtube, short)
    assert isinstance(error, Busy)
    assert (error.retry_after, error.may_be_public) == (seconds, False)
    await fakes.fault("youtube", "status", **fault | {"method": ""}, retry_after="7")
    error = await refusal(youtube, short)
    assert isinstance(error, Busy)
    assert error.retry_after == 7
    await youtube.publish(short)
    assert len(await fakes.posts()) == 1


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("status", "reason", "code", "text"),
    [
        (401, "youtubeSignupRequired", "credentials_rejected", "no YouTube channel"),
        (403, "forbidden", "credentials_rejected", "It is forbidden"),
        (403, "insufficientPermissions", "credentials_rejected", "Link the account again"),
        (403, "forbiddenPrivacySetting", "refused", "It is forbiddenPrivacySetting"),
        (400, "invalidTitle", "refused", "It is invalidTitle"),
        (400, "invalidDescription", "refused", "It is invalidDescription"),
    ],
)
async def test_a_refusal_tells_what_can_be_done(
    youtube: Adapter,
    short: Publication,
    fakes: Fakes,
    method: str,
    status: int,
    reason: str,
    code: str,
    text: str,
) -> None:
    await fakes.fault("youtube", "status", method=method, status=status, body=saying(reason))
    error = await refusal(youtube, short)
    assert isinstance(error, Refused)
    assert not isinstance(error, TokenRejected)
    assert (error.code, error.may_be_public) == (code, False)
    assert text in str(error)


@pytest.mark.parametrize("status", [400, 503])
async def test_a_failure_of_theirs_may_pass(
    youtube: Adapter, short: Publication, fakes: Fakes, status: int
) -> None:
    for method, kind in (("POST", Unavailable), ("PUT", NoAnswer)):
        body = saying("processingFailure" if status == 400 else "backendError")
        await fakes.fault("youtube", "status", method=method, status=status, body=body)
        assert type(await refusal(youtube, short)) is kind
    await youtube.publish(short)


async def test_an_access_token_that_is_not_known_may_be_replaced(
    youtube: Adapter, short: Publication, fakes: Fakes
) -> None:
    await fakes.fault("youtube", "status", method="PUT", status=401, body=saying("authError"))
    assert isinstance(await refusal(youtube, short), TokenRejected)
    await youtube.publish(short)
    assert await fakes.requests("youtube", "POST") == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a < b", "invalid or empty video title"),
        (" ", "invalid or empty video title"),
        ("A\n" + "é" * 2500, "invalid video description"),
        ("A\nb > c", "invalid video description"),
    ],
)
async def test_the_fake_takes_no_texts_that_youtube_does_not(
    youtube: Adapter, short: Publication, content: str, text: str
) -> None:
    short.content = content
    assert text in str(await refusal(youtube, short))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "bytes 0-2/4"},
        {"Content-Range": "bytes 1-3/3"},
        {"Content-Range": "bytes */4"},
        {},
    ],
)
async def test_the_fake_takes_no_bytes_that_were_not_announced(
    networks_url: str, fakes: Fakes, headers: dict[str, str]
) -> None:
    about = {"snippet": {"title": "T", "description": ""}, "status": {"privacyStatus": "public"}}
    access = {"Authorization": "Bearer t"}
    async with httpx.AsyncClient(headers=access, trust_env=False, verify=empty_context()) as http:
        begun = await http.post(
            f"{networks_url}/youtube/upload/youtube/v3/videos",
            params={"uploadType": "resumable", "part": "snippet,status"},
            headers={"X-Upload-Content-Length": "3"},
            json=about,
        )
        session = begun.headers["location"]
        content = b"four" if not headers else b"abc"
        assert (await http.put(session, content=content, headers=headers)).status_code == 400
        another = await http.put(session, content=b"abc", headers={"Authorization": "Bearer other"})
        assert another.status_code == 403
        answer = await http.put(session, content=b"abc")
    assert answer.json()["status"] == {
        "privacyStatus": "public",
        "uploadStatus": "failed",
        "failureReason": "invalidFile",
    }
