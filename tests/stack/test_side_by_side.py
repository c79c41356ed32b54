"""Two stacks on one machine, and two services in one server, do not reach each other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import asyncpg
import pytest

from stack.services import SERVICES
from tests.stack.driver import SmallStack

pytestmark = pytest.mark.xdist_group("stack")


def want_the_ports_of(one: SmallStack, two: SmallStack) -> None:
    """As two checkouts want the usual ones, which a developer's own stack may have."""
    two.root.mkdir()
    shutil.copy(one.root / "ports.json", two.root)


def test_two_directories_are_two_stacks(make_stack: Callable[[str], SmallStack]) -> None:
    one, two = make_stack("one"), make_stack("two")
    one("up")
    want_the_ports_of(one, two)
    printed = two("up")
    assert "of postgres is taken" in printed
    assert one.is_well()
    survivors = two.pids()
    one("down")
    assert two.pids() == survivors
    two("status")


async def test_no_role_opens_another_services_database(small: SmallStack) -> None:
    databases = json.loads((small.root / "stack.json").read_text())["databases"]
    for name, url in databases.items():
        own = await asyncpg.connect(url)
        assert await own.fetchval("SELECT current_database()") == name
        await own.close()
    crossed = databases["coocook"].rpartition("/")[0] + "/platform"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(crossed)


def test_secrets_are_for_their_owner_only(small: SmallStack) -> None:
    for name in ("stack.json", "secrets.json", "supervisord.conf"):
        assert (small.root / name).stat().st_mode & 0o077 == 0


def test_a_replica_follows_when_asked_for(make_stack: Callable[[str], SmallStack]) -> None:
    stack = make_stack("replicated")
    stack("up", ONLY="postgres replica", REPLICAS="1")
    assert json.loads((stack.root / "stack.json").read_text())["replicas"].keys() == {
        service.name for service in SERVICES
    }
    stack("status")
    stack("up", ONLY="postgres")
    assert "replica" not in stack.pids()
