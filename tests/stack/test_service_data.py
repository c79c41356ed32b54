"""`up` migrates and seeds a service when something that decides its data has changed, and never for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from review_service.definition import definition as review
from stack import databases
from stack.databases import ServiceData
from stack.directory import RunDirectory
from stack.errors import PartFailed
from stack.services import SERVICES
from testing.databases import TestServer

SERVICE = next(service for service in SERVICES if service.name == "review")
MAKES, KEEPS = "migrated and seeded", "data unchanged"
Make = Callable[..., ServiceData]


@pytest.fixture
async def url(test_server: TestServer) -> AsyncIterator[str]:
    """A migrated database."""
    async with test_server.cloned("review", review.migrations) as url:
        yield url


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The commands that `up` runs; they do nothing."""
    commands: list[tuple[str, ...]] = []

    async def run(_directory: RunDirectory, _name: str, module: tuple[str, ...], *_: Any) -> str:
        commands.append(module)
        return "done"

    monkeypatch.setattr(databases, "run_task", run)
    return commands


@pytest.fixture
def data(tmp_path: Path, url: str, ran: list[tuple[str, ...]]) -> Make:
    def make(url: str = url, **settings: str) -> ServiceData:
        told = {"DATABASE_URL": url, "SEED_ADMIN_PASSWORD": "one", **settings}
        return ServiceData(RunDirectory(tmp_path), SERVICE, told)

    return make


async def change(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_what_has_not_changed_is_made_once(data: Make, ran: list[tuple[str, ...]]) -> None:
    assert [await data().bring_up_to_date() for _ in range(3)] == [MAKES, KEEPS, KEEPS]
    assert ran == [("review_service", "migrate", "--seed")]


async def test_other_passwords_or_settings_make_it_again(data: Make) -> None:
    await data().bring_up_to_date()
    changed = data(SEED_ADMIN_PASSWORD="two")
    assert [await changed.bring_up_to_date() for _ in range(2)] == [MAKES, KEEPS]


async def test_changed_sources_make_it_again(data: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    await data().bring_up_to_date()
    asked: list[str] = []

    def fingerprint(*folders: str) -> str:
        asked.extend(folders)
        return "changed"

    monkeypatch.setattr(databases, "fingerprint", fingerprint)
    assert await data().bring_up_to_date() == MAKES
    assert {"shared/shared", "services/review"} <= set(asked)


async def test_a_database_that_was_taken_back_is_made_again(data: Make, url: str) -> None:
    await data().bring_up_to_date()
    await change(url, "UPDATE alembic_version SET version_num = 'before'")
    assert await data().bring_up_to_date() == MAKES


async def test_another_database_at_the_same_revision_is_made_again(
    data: Make, url: str, test_server: TestServer, ran: list[tuple[str, ...]]
) -> None:
    """Somebody dropped it and migrated by hand: nothing is seeded there."""
    await data().bring_up_to_date()
    name = url.rpartition("/")[2]
    admin = test_server.admin_url
    await change(admin, f"ALTER DATABASE {name} RENAME TO {name}_old")
    await change(admin, f"CREATE DATABASE {name} TEMPLATE {name}_old OWNER review")
    await change(admin, f"DROP DATABASE {name}_old")
    assert await data().bring_up_to_date() == MAKES
    assert len(ran) == 2


async def test_a_database_without_anything_is_made(data: Make, url: str) -> None:
    await data().bring_up_to_date()
    await change(url, "DROP TABLE alembic_version")
    assert await data().bring_up_to_date() == MAKES


async def test_an_attempt_that_failed_counts_as_none(data: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for the sources before it: what it did to the data is not known."""
    await data().bring_up_to_date()

    async def fail(*_: Any) -> str:
        raise PartFailed("review-data failed")

    with monkeypatch.context() as broken:
        broken.setattr(databases, "run_task", fail)
        with pytest.raises(PartFailed):
            await data(SEED_ADMIN_PASSWORD="two").bring_up_to_date()
    assert await data().bring_up_to_date() == MAKES


async def test_a_database_that_does_not_answer_is_named(data: Make) -> None:
    with pytest.raises(PartFailed, match="review's database does not answer"):
        await data(url="postgresql://review@127.0.0.1:1/review").bring_up_to_date()


async def test_the_marker_tells_no_secret(data: Make, tmp_path: Path) -> None:
    await data(SEED_ADMIN_PASSWORD="correct horse").bring_up_to_date()
    assert "horse" not in (tmp_path / "prepared" / "review.json").read_text()
