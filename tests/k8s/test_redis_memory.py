"""One Redis holds sessions and events, which must not be lost, beside what may be: together they fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from platform_service.auth.login_throttle import MAX_ACCOUNTS
from shared.cache.redis_tier import MARK_BYTES, RECORD_PLACES
from shared.events.event import MAX_DEAD, MAX_LENGTH
from stack.services import NAMES
from testing.local_servers.valkey import MAX_MEMORY, ValkeyServer
from tests.k8s.rendering import Manifest, one
from tests.k8s.test_agreement import fields, settings_of
from tests.k8s.test_compose_agreement import environment, services

MB = 1_000_000
ACCOUNT_BYTES = 400
"""Of a failed login; measured by services/platform/tests/auth/test_login_throttle.py."""
EVENT_BYTES = 420
"""About 200 MB for a full stream."""
SESSION_BYTES, SESSIONS = 1500, 400_000
"""Measured, after a refresh and with its place in the user's index. Four for each of 100,000 users."""
LIVE_BYTES = 100 * MB
"""What runs write for who watches, for a quarter of an hour."""


def configured(overlay: list[Manifest]) -> dict[str, str]:
    """redis.conf, by directive."""
    lines = one(overlay, "ConfigMap", "redis-configuration")["data"]["redis.conf"].splitlines()
    return dict(line.partition(" ")[::2] for line in lines if line and not line.startswith("#"))


def in_bytes(text: str) -> int:
    """Of a number as Redis or Kubernetes writes it."""
    units = {"mb": 2**20, "gb": 2**30, "Mi": 2**20, "Gi": 2**30}
    return int(text[:-2]) * units[text[-2:]]


def test_redis_throws_nothing_out_and_has_the_same_bound_everywhere(
    overlay: list[Manifest], tmp_path: Path
) -> None:
    directives = configured(overlay)
    assert (directives["maxmemory"], directives["maxmemory-policy"]) == (MAX_MEMORY, "noeviction")
    compose = services()["redis"]["command"]
    assert compose[compose.index("--maxmemory") + 1] == MAX_MEMORY
    assert compose[compose.index("--maxmemory-policy") + 1] == "noeviction"
    server = ValkeyServer(tmp_path, 1)
    server.initialise()
    written = (tmp_path / "valkey.conf").read_text()
    assert f"maxmemory {MAX_MEMORY}\nmaxmemory-policy noeviction\n" in written


def test_its_container_has_room_for_rewriting_the_file(overlay: list[Manifest]) -> None:
    container = one(overlay, "StatefulSet", "redis")["spec"]["template"]["spec"]["containers"][0]
    assert in_bytes(container["resources"]["limits"]["memory"]) > 1.3 * in_bytes(MAX_MEMORY)


@pytest.mark.parametrize("where", ["k8s", "compose"])
def test_every_use_at_its_bound_fits(prod: list[Manifest], where: str) -> None:
    uses = {
        "events": len(NAMES) * (MAX_LENGTH + MAX_DEAD) * EVENT_BYTES,
        "sessions": SESSIONS * SESSION_BYTES,
        "failed logins": MAX_ACCOUNTS * ACCOUNT_BYTES,
        "live views": LIVE_BYTES,
        # The record of what was asked for grows by doubling its memory.
        "caches": sum(share(prod, name, where) + 2 * RECORD_PLACES * MARK_BYTES for name in NAMES),
    }
    assert sum(uses.values()) < in_bytes(MAX_MEMORY), {
        use: f"{taken // MB} MB" for use, taken in uses.items()
    }


def share(overlay: list[Manifest], name: str, where: str) -> int:
    """Bytes that a service's cache may take."""
    given = settings_of(overlay, name) if where == "k8s" else environment(name, "api")
    return int(given.get("CACHE_REDIS_BYTES", fields(name)["CACHE_REDIS_BYTES"].default))
