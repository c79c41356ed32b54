"""What operators do with a whole network."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.factories import Person, make_account, make_post
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from sns_service.publishing.commands import networks_command
from testing.rollback import TestDatabase


async def run(runtime: Runtime, *words: str) -> int | None:
    parser = argparse.ArgumentParser()
    networks_command.configure(parser)
    return await networks_command.run(parser.parse_args(words), runtime)


async def listed(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert await run(runtime, "list") == 0
    return {line["platform"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}


async def test_networks_are_listed_with_what_is_due_and_what_failed(
    runtime: Runtime, db: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    blog, tiktok = await make_account(db), await make_account(db, "tiktok")
    past, now = utcnow() - timedelta(minutes=5), utcnow()
    await make_post(db, blog, status="scheduled", scheduled_at=past, due_at=past)
    await make_post(db, blog, status="scheduled", scheduled_at=now + timedelta(days=1))
    await make_post(db, blog, status="publishing", due_at=now, failure_code="busy")
    await make_post(db, tiktok, status="failed", attempted_at=past)
    await make_post(db, tiktok, status="failed", attempted_at=now - timedelta(days=2))
    found = await listed(runtime, capsys)
    assert found.keys() == {"blog", "instagram", "tiktok", "youtube_shorts", "twitter"}
    assert (found["blog"]["due"], found["blog"]["asked_to_wait"]) == (2, 1)
    assert found["blog"]["since"] == past.isoformat().replace("+00:00", "Z")
    assert (found["tiktok"]["due"], found["tiktok"]["failed_in_a_day"]) == (0, 1)


async def test_a_network_that_is_paused_gets_no_posts_until_it_is_resumed(
    author: Person,
    workplace: Workplace,
    committed_db: Database,
    fakes: Fakes,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with workplace(network_rates={"blog": 400.0}) as runtime:
        assert await run(runtime, "pause", "blog", "--hours", "6") == 0
        assert "blog is paused until" in capsys.readouterr().out
        assert (await listed(runtime, capsys))["blog"]["paused_until"] is not None
        waiting = await author.ordered("blog", "Paused", name="one")
        other = await author.ordered("instagram", "Not paused")
        await author.becomes(other, "published")
        assert (await author.seen(waiting))["status"] == "publishing"
        assert await run(runtime, "resume", "blog") == 0
        assert (await listed(runtime, capsys))["blog"]["paused_until"] is None
        later = await author.ordered("blog", "Resumed", name="two")
        await author.becomes(later, "published")
    assert await fakes.contents() == [
        "Not paused",
        "<p>Resumed</p>",
    ]  # the first one asks again within a minute


async def test_what_cannot_be_paused_is_said(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(runtime, "pause", "blog") == 1  # the tests give no network a rate
    assert "NETWORK_RATES has no rate for blog" in capsys.readouterr().err
    for words in (["pause"], ["pause", "myspace"], ["pause", "blog", "--hours", "0"], ["resume"]):
        with pytest.raises(SystemExit):
            await run(runtime, *words)
