"""The video, from where its author keeps it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from fakes.networks.client import Fakes
from fakes.networks.media import CLIP, OTHER
from services.sns.tests.networks.sites import site
from sns_service.networks.errors import FailedThere, NetworkError, Refused, Unavailable
from sns_service.networks.sources import MAX_BYTES, exactly, opened, size_of
from sns_service.networks.transport import connect


@pytest.fixture
async def http(fakes: Fakes) -> AsyncIterator[httpx.AsyncClient]:
    async with connect(timeout=1.0, at_a_time=5, guarded=False) as client:
        yield client


async def refusal(http: httpx.AsyncClient, url: str) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        await size_of(http, url)
    return caught.value


async def fetched(http: httpx.AsyncClient, url: str, *, offset: int, size: int = len(CLIP)) -> bytes:
    async with opened(http, url, offset=offset, size=size) as video:
        return b"".join([part async for part in video.content()])


@pytest.mark.parametrize("name", ["clip.mp4", "untyped.mp4", "moved.mp4", "short.mp4"])
async def test_the_size_is_known_without_the_bytes(
    http: httpx.AsyncClient, networks_url: str, name: str
) -> None:
    assert await size_of(http, f"{networks_url}/media/{name}") == len(CLIP)


async def test_what_a_redirect_says_besides_is_not_listened_to(
    http: httpx.AsyncClient, networks_url: str
) -> None:
    found = await asyncio.wait_for(size_of(http, f"{networks_url}/media/talks.mp4"), 3)
    assert found == len(CLIP)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("status-401.mp4", "answered 401"),
        ("status-403.mp4", "answered 403"),
        ("gone.mp4", "answered 404"),
        ("status-206.mp4", "answered 206"),
        ("status-304.mp4", "answered 304"),
        ("page.mp4", "returns text/html, not a video"),
        ("card.jpg", "returns image/jpeg, not a video"),
        ("endless.mp4", "must announce its size"),
        ("empty.mp4", "must announce its size"),
        ("zipped.mp4", "compressed"),
        ("loop.mp4", "TooManyRedirects"),
    ],
)
async def test_what_is_no_video_is_refused(
    http: httpx.AsyncClient, networks_url: str, name: str, text: str
) -> None:
    error = await refusal(http, f"{networks_url}/media/{name}")
    assert isinstance(error, Refused)
    assert error.code == "media_refused"
    assert text in str(error)


@pytest.mark.parametrize(
    "url", ["http://", "ftp://a.test/a.mp4", "http://a.test:port/", "http://a..b/", "http://é" + "é" * 80]
)
async def test_what_is_no_address_is_refused(http: httpx.AsyncClient, url: str) -> None:
    error = await refusal(http, url)
    assert isinstance(error, Refused)
    assert error.code == "media_refused"


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_may_pass_is_not_refused(http: httpx.AsyncClient, networks_url: str, status: int) -> None:
    error = await refusal(http, f"{networks_url}/media/status-{status}.mp4")
    assert isinstance(error, Unavailable)
    assert f"answered {status}" in str(error)


@pytest.mark.parametrize("length", [str(MAX_BYTES + 1), "9" * 15])
async def test_a_size_out_of_bounds_is_refused(fakes: Fakes, length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {length}\r\n\r\n"

    async def huge(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode())
        await writer.drain()

    async with site(huge) as (address, _), connect(timeout=1.0, at_a_time=2, guarded=False) as client:
        error = await refusal(client, f"http://{address}/a.mp4")
    assert isinstance(error, Refused)
    assert "at most 256 MB" in str(error)


@pytest.mark.parametrize("name", ["clip.mp4", "whole.mp4"])
@pytest.mark.parametrize("offset", [0, 1, 16 * 1024, 39_999])
async def test_the_bytes_are_those_from_the_offset_on(
    http: httpx.AsyncClient, networks_url: str, name: str, offset: int
) -> None:
    assert await fetched(http, f"{networks_url}/media/{name}", offset=offset) == CLIP[offset:]


@pytest.mark.parametrize(
    ("name", "offset", "size"),
    [
        ("other.mp4", 0, len(CLIP)),
        ("other.mp4", 10, len(CLIP)),
        ("clip.mp4", 35_000, len(OTHER) + 9_000),
        ("other.mp4", 35_000, len(CLIP)),
        ("astray.mp4", 10, len(CLIP)),
        ("whole.mp4", 10, len(CLIP) - 1),
    ],
)
async def test_another_video_than_was_begun_is_told_apart(
    http: httpx.AsyncClient, networks_url: str, name: str, offset: int, size: int
) -> None:
    with pytest.raises(FailedThere, match="changed") as caught:
        await fetched(http, f"{networks_url}/media/{name}", offset=offset, size=size)
    assert (caught.value.again, caught.value.code) == (True, "media_refused")


async def test_bytes_that_end_too_early_are_noticed_at_once(
    http: httpx.AsyncClient, networks_url: str
) -> None:
    began = time.monotonic()
    async with opened(http, f"{networks_url}/media/short.mp4", offset=0, size=len(CLIP)) as video:
        with pytest.raises(Unavailable, match="not to the end"):
            [part async for part in video.content()]
    assert isinstance(video.failure, Unavailable)
    assert time.monotonic() - began < 0.8


async def _parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize(
    ("parts", "kind"),
    [((b"abc", b"de"), Unavailable), ((b"abc", b"def", b"g"), Refused), ((b"abc", b"defg"), Refused)],
)
async def test_nobody_gets_the_end_of_what_is_too_short_or_too_long(
    parts: tuple[bytes, ...], kind: type[NetworkError]
) -> None:
    got = bytearray()

    async def take() -> None:
        async for part in exactly(_parts(*parts), skip=1, length=5):
            got.extend(part)

    with pytest.raises(kind):
        await take()
    assert bytes(got) in {b"", b"bc"}


async def test_exactly_as_many_bytes_as_were_announced_are_given() -> None:
    for parts in ((b"abcdef",), (b"a", b"", b"bcd", b"ef")):
        assert b"".join([part async for part in exactly(_parts(*parts), skip=1, length=5)]) == b"bcdef"
