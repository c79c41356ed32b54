"""Whatever a failure is, its author reads what to do next."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import sns_service
from fakes.networks.client import Fakes
from services.sns.tests.factories import Person
from services.sns.tests.kit import Workplace
from shared.db.database import Database
from sns_service.networks.errors import (
    Busy,
    CannotTell,
    FailedThere,
    LinkAgain,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
    Working,
)
from sns_service.networks.tiktok.errors import BANNED, REFUSALS, SPAM_FAILURES, failed
from sns_service.posts.errors import LONGEST_FAILURE, NEXT_STEPS, with_next_step
from sns_service.publishing.claims import Claimed
from sns_service.publishing.verdicts import Verdicts

VERBS = ("retry", "Retry", "publish it again")
ERRORS = [
    Refused("no"),
    *(Refused("no", code=code) for code in NEXT_STEPS),
    FailedThere("no"),
    FailedThere("no", code="media_refused", again=True),
    LinkAgain("It does not let us in. Link the account again, then retry the post."),
    TokenRejected("401"),
    Busy("429", retry_after=1),
    Working("at work", retry_after=1),
    Unavailable("away"),
    NoAnswer("lost"),
    CannotTell("nobody knows"),
]


def claimed(**more: Any) -> Claimed:
    values: dict[str, Any] = dict.fromkeys(Claimed.__slots__, 0)
    return Claimed(**{**values, "waited": timedelta(days=4), "tries": 20, **more})


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__}-{error}")
@pytest.mark.parametrize("may_be_public", [False, True])
def test_each_end_says_what_to_do(error: NetworkError, may_be_public: bool) -> None:
    verdicts = Verdicts(3, lambda tries: timedelta(seconds=tries))
    outcome = verdicts.of(claimed(), error, outcome_unknown=may_be_public)
    assert outcome.status == "failed"
    assert outcome.code in NEXT_STEPS
    assert any(verb in str(outcome.reason) for verb in VERBS)


def codes_in_the_source() -> Iterator[tuple[str, str]]:
    """Every `code=` and `credentials_...` that the package names, and where."""
    for path in Path(sns_service.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code":
                for leaf in ast.walk(node.value):
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                        yield path.name, leaf.value


WHILE_IT_IS_TRIED = {"busy", "working", "late", "not_found"}
"""Of posts that are still on their way, and of a question about counts."""


def test_no_code_is_without_a_step() -> None:
    named = {(where, code) for where, code in codes_in_the_source() if code not in WHILE_IT_IS_TRIED}
    assert {code for _, code in named} >= {"account_inactive", "content_refused", "media_refused"}
    assert {pair for pair in named if pair[1] not in NEXT_STEPS and " " not in pair[1] and pair[1]} == set()
    assert {code for code, _ in REFUSALS.values()} <= NEXT_STEPS.keys()


def test_a_long_reason_is_cut_and_not_its_step() -> None:
    said = with_next_step("refused", "x" * 2000, may_be_public=True)
    assert len(said) <= LONGEST_FAILURE
    assert said.endswith("It may have been published; a retry looks there first.")
    assert NEXT_STEPS["refused"] in said
    assert with_next_step("refused", "Why?") == f"Why? {NEXT_STEPS['refused']}"


def test_what_the_author_cannot_change_is_not_asked_of_them() -> None:
    assert all("retry" in advice for _, advice in REFUSALS.values())
    assert all(failed(reason).advised for reason in SPAM_FAILURES)
    assert "ask TikTok" in BANNED


@pytest.mark.usefixtures("fakes", "quick_polls")
async def test_what_its_network_cannot_publish_fails_with_the_reason_and_nothing_is_sent(
    author: Person, workplace: Workplace, committed_db: Database, fakes: Fakes
) -> None:
    post_id = await author.write(await author.link("twitter"), "Hello", "reel")
    assert (await author.publish(post_id))["status"] == "publishing"
    async with workplace():
        post = await author.becomes(post_id, "failed")
        listed = (await author.get("/posts?status=failed")).json()["posts"]
    assert [card["failure"] for card in listed] == [post["failure"]]
    assert post["failure_code"] == "content_refused"
    assert "twitter accepts card_news, blog_post, carousel, not reel" in post["failure"]
    assert post["failure"].endswith(NEXT_STEPS["content_refused"])
    assert await fakes.requests("twitter") == 0
