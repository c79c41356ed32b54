"""What operators do with posts that failed."""

from __future__ import annotations

import argparse
import json

import pytest

from services.sns.tests.factories import Person, make_account, make_post
from shared.runtime import Runtime
from sns_service.posts.commands import posts_command
from testing.jobs import enqueued
from testing.rollback import TestDatabase


async def run(runtime: Runtime, *words: str) -> int | None:
    parser = argparse.ArgumentParser()
    posts_command.configure(parser)
    return await posts_command.run(parser.parse_args(words), runtime)


@pytest.fixture
async def failed(db: TestDatabase) -> dict[str, int]:
    """Failed posts by why they did."""
    account_id = await make_account(db)
    codes = ("unavailable", "refused", "outcome_unknown")
    return {code: await make_post(db, account_id, status="failed", failure_code=code) for code in codes}


async def test_failed_posts_are_listed(
    runtime: Runtime, failed: dict[str, int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(runtime, "failed") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == list(reversed(failed.values()))
    assert lines[0]["failure"] == "no"
    assert lines[0]["platform"] == "blog"
    await run(runtime, "failed", "--code", "refused")
    assert json.loads(capsys.readouterr().out)["id"] == failed["refused"]


async def test_no_failed_posts_are_told_to_people_and_not_to_scripts(
    runtime: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(runtime, "failed") == 0
    written = capsys.readouterr()
    assert (written.out, written.err) == ("", "No failed posts.\n")


async def test_failed_posts_are_published_again(
    runtime: Runtime, failed: dict[str, int], db: TestDatabase, person: Person
) -> None:
    assert await run(runtime, "retry", "--all", "--code", "unavailable") == 0
    assert await run(runtime, "retry", str(failed["refused"])) == 0
    again = [payload["post_id"] for _, payload in await enqueued(db)]
    assert again == [failed["unavailable"], failed["refused"]]
    assert (await person.seen(failed["refused"]))["status"] == "publishing"


async def test_what_the_network_may_have_is_only_sent_again_when_confirmed(
    runtime: Runtime, failed: dict[str, int], db: TestDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = str(failed["outcome_unknown"])
    assert await run(runtime, "retry", "--all") == 0
    assert await run(runtime, "retry", unknown) == 1
    assert "the network may already have this post; --confirm" in capsys.readouterr().err
    assert len(await enqueued(db)) == 2
    assert await run(runtime, "retry", unknown, "--confirm") == 0
    assert len(await enqueued(db)) == 3


async def test_wrong_words_are_answered(runtime: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(runtime, "retry") == 2
    assert await run(runtime, "retry", "999999") == 1
    assert "no post with this id" in capsys.readouterr().err
