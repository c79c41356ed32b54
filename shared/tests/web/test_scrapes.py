"""Telemetry on the side of Prometheus: scrapers that hang, and thousands of scrapes, cost requests next to nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from socket import create_connection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from shared.observability import exposition
from shared.observability.exposition import SHARE, Expositions
from testing.serving import bound_socket, serving

SERIES = 500
"""Written out in some milliseconds."""
HANGING, SCRAPERS, SCRAPES = 200, 20, 2000


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Large metrics. How long it took each time that they were written out."""
    registry, took = CollectorRegistry(), []
    counter = Counter("many", "Many.", ["number"], registry=registry)
    for number in range(SERIES):
        counter.labels(str(number)).inc()
    write = exposition._written

    def timed(accept: str) -> exposition.Exposition:
        began = time.monotonic()
        found = write(accept)
        took.append(time.monotonic() - began)
        return found

    monkeypatch.setattr(exposition, "REGISTRY", registry)
    monkeypatch.setattr(exposition, "_written", timed)
    return took


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with bound_socket() as listener, serving(app, listener) as url:
        yield url


async def test_thousands_of_scrapes_beside_scrapers_that_hang_fail_and_delay_no_request(
    url: str, written: list[float]
) -> None:
    async def scrape(http: httpx.AsyncClient) -> None:
        for _ in range(SCRAPES // SCRAPERS):
            answer = await http.get("/metrics")
            assert (answer.status_code, answer.text.count("many_total{")) == (200, SERIES)

    with ExitStack() as hanging:
        for _ in range(HANGING):
            hanging.enter_context(asks_and_never_reads(url))
        began = time.monotonic()
        async with httpx.AsyncClient(base_url=url, timeout=30) as http, asyncio.TaskGroup() as scraping:
            scrapers = [scraping.create_task(scrape(http)) for _ in range(SCRAPERS)]
            answered = 0
            while not all(scraper.done() for scraper in scrapers):
                assert (await http.get("/api/do")).status_code == 200
                answered += 1
        lasted = time.monotonic() - began
    assert answered >= 50
    assert sum(written) <= lasted * SHARE + max(written), f"{len(written)} times for {SCRAPES} scrapes"


def asks_and_never_reads(url: str) -> Any:
    """A scraper that hangs once it has asked."""
    address = urlsplit(url)
    connection = create_connection((address.hostname, address.port))
    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection


def test_each_format_is_written_once_for_all_who_ask_within_a_moment(written: list[float]) -> None:
    given = Expositions()
    plain, openmetrics = (
        given.give(""),
        given.give("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"),
    )
    assert plain.media_type.startswith("text/plain")
    assert openmetrics.media_type.startswith("application/openmetrics-text")
    for number in range(50):  # whatever versions are asked for
        assert given.give(f"application/openmetrics-text;version=1.{number}.0") is openmetrics
        assert given.give(f"text/plain;version=1.{number}.0") is plain
        if time.monotonic() > min(plain.good_until, openmetrics.good_until):
            break
    assert len(written) == 2


def test_what_was_written_is_soon_written_again(
    written: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Expositions()
    until = given.give("").good_until
    monkeypatch.setattr(time, "monotonic", lambda: until)
    given.give("")
    assert len(written) == 2
