"""One Redis holds sessions and events, which must not be lost, beside what may be: each of that has its share."""

from pathlib import Path

import pytest

from platform_service.auth.guessing import MAX_ACCOUNTS
from shared.cache.tier import MARK_BYTES, RECORD_PLACES
from shared.localservers.valkey import MAX_MEMORY, ValkeyServer
from tests.k8s.rendering import Manifest, one
from tests.k8s.test_agreement import NAMES, fields, settings_of
from tests.k8s.test_compose_agreement import environment, services

MB = 1_000_000
ACCOUNT_BYTES = 400
"""Of a failed login; measured by services/platform/tests/auth/test_guessing.py."""
FOR_WHAT_MAY_BE_LOST = 0.3
"""The rest is for sessions, about 1 KB each, and for events."""


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
def test_what_may_be_lost_leaves_sessions_and_events_their_room(overlay: list[Manifest], where: str) -> None:
    taken = MAX_ACCOUNTS * ACCOUNT_BYTES
    for name in NAMES:
        given = settings_of(overlay, name) if where == "k8s" else environment(name, "api")
        # The record grows by doubling its memory.
        taken += int(given.get("CACHE_REDIS_BYTES", fields(name)["CACHE_REDIS_BYTES"].default))
        taken += 2 * RECORD_PLACES * MARK_BYTES
    assert taken < FOR_WHAT_MAY_BE_LOST * in_bytes(MAX_MEMORY), f"{taken // MB} MB of {MAX_MEMORY}"
