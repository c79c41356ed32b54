"""What answers mean, and how much of them is borne: users name the sites that give them."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from services.sns.tests.networks.sites import Behaviour, calling, site
from sns_service.networks.errors import Busy, NoAnswer, Refused
from sns_service.networks.http import DEFAULT_WAIT, MAX_BYTES


def says(head: str, body: bytes = b"") -> Behaviour:
    return raw(head.encode(), body)


def raw(head: bytes, body: bytes = b"") -> Behaviour:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body))

    return answer


async def drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.1)


async def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sns_service.networks.http.CONNECT_SECONDS", 0.2)
    async with site(drips) as (address, _):
        with pytest.raises(NoAnswer, match="did not answer"):
            await asyncio.wait_for(calling(f"http://{address}"), 2)


async def test_a_call_may_take_longer_where_it_has_to() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await says("200 OK")(writer)

    async with site(slow) as (address, _):
        assert (await calling(f"http://{address}", seconds=2)).status_code == 200
        with pytest.raises(NoAnswer):
            await calling(f"http://{address}", seconds=0.1)


async def test_of_a_very_long_answer_only_the_beginning_is_read() -> None:
    async with site(says("200 OK", b"." * 8 * MAX_BYTES)) as (address, _):
        assert MAX_BYTES <= len((await calling(f"http://{address}")).content) < 2 * MAX_BYTES


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_few_bytes_do_not_become_many(encoding: str) -> None:
    text = b"." * 8 * MAX_BYTES
    bomb = gzip.compress(text) if encoding == "gzip" else zlib.compress(text)
    async with site(says(f"200 OK\r\nContent-Encoding: {encoding}", bomb)) as (address, heard):
        assert (await calling(f"http://{address}")).content == text[:MAX_BYTES]
        assert b"accept-encoding: identity" in heard[0].lower()


async def test_what_only_says_that_it_is_compressed_is_read_as_it_is() -> None:
    async with site(says("200 OK\r\nContent-Encoding: gzip", b"plain")) as (address, _):
        assert (await calling(f"http://{address}")).content == b"plain"


async def test_a_header_of_any_bytes_does_not_make_a_lost_answer_of_one_that_came() -> None:
    async with site(raw(b"201 Created\r\nX-Site: Caf\xc3\xa9\r\nX-Odd: \xff")) as (address, _):
        answer = await calling(f"http://{address}")
    assert answer.status_code == 201


async def test_a_status_line_of_any_bytes_does_not_say_that_nothing_was_sent() -> None:
    async with site(raw(b"201 Cr\xe9\xe9")) as (address, _):
        with pytest.raises(NoAnswer):
            await calling(f"http://{address}")


@pytest.mark.parametrize("retry_after", ["Mon, 20 Nov 99999999999999999999 00:00:00 GMT", "-1", "x"])
async def test_a_time_to_wait_that_is_none_is_the_usual_one(retry_after: str) -> None:
    async with site(says(f"429 Too Many\r\nRetry-After: {retry_after}")) as (address, _):
        with pytest.raises(Busy) as caught:
            await calling(f"http://{address}")
    assert caught.value.retry_after == DEFAULT_WAIT


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_an_address_that_leads_elsewhere_is_no_address(status: int) -> None:
    async with site(says(f"{status} Moved\r\nLocation: https://www.shop.test/")) as (address, heard):
        with pytest.raises(Refused, match=r"It redirects to https://www\.shop\.test/") as caught:
            await calling(f"http://{address}")
    assert caught.value.code == "bad_address"
    assert len(heard) == 1


async def test_an_upload_that_goes_on_is_no_redirect() -> None:
    async with site(says("308 Resume Incomplete\r\nLocation: https://upload.test/2")) as (address, _):
        assert (await calling(f"http://{address}", "PUT")).status_code == 308


@pytest.mark.parametrize("url", ["http://a..b.test", "http://[::1", f"http://{'a' * 64}.test"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        await calling(url)
    assert caught.value.code == "bad_address"


@pytest.mark.parametrize(
    ("status", "may_be_public"), [("429 Too Many", False), ("503 Backend fetch failed", True)]
)
async def test_a_cache_that_asks_to_wait_may_stand_before_a_site_that_has_the_post(
    status: str, may_be_public: bool
) -> None:
    async with site(says(f"{status}\r\nRetry-After: 5")) as (address, _):
        with pytest.raises(Busy) as caught:
            await calling(f"http://{address}")
    assert (caught.value.retry_after, caught.value.may_be_public) == (5, may_be_public)
