"""Kong's own settings: what the local gateway cannot show, each held here with the fact that it rests on.

The facts were seen on Kong 3.9.1 with this file and the rendered kong.yml, and in its nginx.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.rules.plugins import MAX_BODY_BYTES, UNIT_BYTES
from gateway.tests.conftest import config

FILE = Path(__file__).parents[1] / "kong.env"
LINES = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
SETTINGS = dict(line.split("=", 1) for line in LINES)
UNITS = {"": 1, "k": 1024, "m": 1_048_576}


def size(text: str) -> int:
    """nginx's sizes in bytes: 16k."""
    number, unit = re.fullmatch(r"(\d+)([km]?)", text).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def test_no_setting_stands_here_twice() -> None:
    assert len(SETTINGS) == len(LINES)


@pytest.mark.parametrize(
    ("setting", "value", "fact"),
    [
        ("HEADERS", "off", "answers carried Via, X-Kong-* and Server: kong/3.9.1"),
        ("NGINX_PROXY_GZIP_VARY", "on", "a shared cache gave compressed pages to who cannot read them"),
        ("ADMIN_LISTEN", "off", "who reaches the administration can change every route"),
        ("DATABASE", "off", "kong.yml is read without a database only"),
    ],
)
def test_a_setting_has_the_value_that_a_fact_demands(setting: str, value: str, fact: str) -> None:
    assert SETTINGS[f"KONG_{setting}"] == value, fact


def test_a_body_in_chunks_is_stopped_while_it_is_read(committed: dict[str, Any]) -> None:
    """Kong's default is no limit: 400 MB went to the disk whole before their 413. Our own plugin's limit comes after
    the reading, so nginx's has to be above it: what lies between the two is refused in our words."""
    limit = size(SETTINGS["KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE"])
    own = config(committed, "request-size-limiting")
    allowed = own["allowed_payload_size"] * UNIT_BYTES[own["size_unit"]]
    assert allowed == MAX_BODY_BYTES
    assert allowed < limit <= 2 * allowed


def test_no_body_goes_through_the_disk() -> None:
    """What exceeds its buffer is written to the prefix: thirty-two bodies of 2 MB would have filled it."""
    buffer = size(SETTINGS["KONG_NGINX_HTTP_CLIENT_BODY_BUFFER_SIZE"])
    assert buffer >= size(SETTINGS["KONG_NGINX_HTTP_CLIENT_MAX_BODY_SIZE"])


def test_no_answer_goes_through_the_disk() -> None:
    """By default what a slow client has not read yet, beyond 64 KB, is written to the prefix, up to 1 GB each."""
    assert size(SETTINGS["KONG_NGINX_PROXY_PROXY_MAX_TEMP_FILE_SIZE"]) == 0
    count, each = SETTINGS["KONG_NGINX_PROXY_PROXY_BUFFERS"].split()
    assert int(count) * size(each) >= 1_048_576, "a list of a thousand rows must not keep its service waiting"


def test_the_headers_of_an_answer_have_room() -> None:
    """nginx answers 502 when they need more than its buffer, 4 KB by default; three 502 take a target out."""
    assert size(SETTINGS["KONG_NGINX_PROXY_PROXY_BUFFER_SIZE"]) >= 16_384


def test_an_address_and_a_header_may_have_as_much_as_in_the_local_gateway() -> None:
    """By default nginx refuses a line of more than 8 KB, with 414 or 400."""
    count, each = SETTINGS["KONG_NGINX_HTTP_LARGE_CLIENT_HEADER_BUFFERS"].split()
    assert size(each) == 32 * 1024
    assert int(count) >= 4


def test_a_container_that_was_made_anew_is_found_within_seconds() -> None:
    """With the record's own time (600 s in Docker's DNS) it was not found after 94 s; with 5 it was after 5."""
    assert 1 <= int(SETTINGS["KONG_DNS_VALID_TTL"]) <= 10


def test_a_stop_outlasts_the_longest_request(committed: dict[str, Any]) -> None:
    longest = max(service["read_timeout"] for service in committed["services"]) / 1000
    assert float(SETTINGS["KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT"].removesuffix("s")) > longest


def test_idle_connections_to_services_are_closed_here_first() -> None:
    assert int(SETTINGS["KONG_UPSTREAM_KEEPALIVE_IDLE_TIMEOUT"]) < 75


def test_no_lua_may_require_anything() -> None:
    """A module that the sandbox lets in could be used by a function, which then fails wherever it is not set."""
    assert not [name for name in SETTINGS if name.startswith("KONG_UNTRUSTED_LUA")]
