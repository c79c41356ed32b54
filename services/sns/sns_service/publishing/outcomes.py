"""What came of attempts: written down for as long as they are the latest, and told in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, NamedTuple

import orjson

from shared.db.database import Database
from shared.db.transactions import driver
from shared.events.event import Event
from shared.events.outbox import publish_many
from sns_service.posts.events import PostFailed, PostPublished
from sns_service.publishing.claims import Claimed
from sns_service.tables import Outbox

MAX_LENGTHS: Final = {"network_id": 255, "url": 2048, "reason": 500}
"""In characters, as the columns have it."""
_SETTLE = """
    UPDATE posts AS p SET
        status = given.status, open = given.open, tries = p.tries + given.failures,
        network_id = given.network_id, url = given.url, failure_code = given.code, failure = given.reason,
        published_at = CASE WHEN given.status = 'published' THEN clock_timestamp() END,
        measure_at = CASE WHEN given.status = 'published' AND given.network_id <> '' THEN clock_timestamp() END,
        progress = CASE WHEN given.forget THEN '{}'::jsonb ELSE p.progress END
    FROM unnest(
        $1::bigint[], $2::int[], $3::text[], $4::bool[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::bool[]
    ) AS given(id, attempt, status, open, failures, network_id, url, code, reason, forget)
    WHERE p.id = given.id AND p.attempt = given.attempt AND p.status = 'publishing'
    RETURNING p.id
"""
_PAUSE = """
    UPDATE accounts SET paused_until = greatest(paused_until, clock_timestamp() + given.delay)
    FROM unnest($1::bigint[], $2::interval[]) AS given(id, delay) WHERE accounts.id = given.id
"""
_NOTE = """
    UPDATE posts AS p SET progress = p.progress || given.progress, attempted_at = clock_timestamp()
    FROM unnest($1::bigint[], $2::int[], $3::jsonb[]) AS given(id, attempt, progress)
    WHERE p.id = given.id AND p.attempt = given.attempt AND p.status = 'publishing'
    RETURNING p.id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt. `publishing` means that it is tried again, `outcome_unknown` that the network may
    have it."""

    claim: Claimed
    status: Literal["published", "failed", "publishing"]
    outcome_unknown: bool = False
    failures: int = 0
    network_id: str | None = None
    url: str | None = None
    code: str | None = None
    reason: str | None = None
    wait: timedelta | None = None
    """When to try again; None: as failures have it."""
    pauses: bool = False
    """The network wants to hear nothing from the account meanwhile."""
    forget: bool = False
    """Nothing that the network has is of use any longer."""

    def __post_init__(self) -> None:
        """Networks may say anything: of that, what can be written down and told."""
        for name, longest in MAX_LENGTHS.items():
            if text := getattr(self, name):
                object.__setattr__(self, name, _fits(text, longest))

    @property
    def event(self) -> Event | None:
        """What other services are told."""
        about = {
            "post_id": self.claim.post_id,
            "user_id": self.claim.user_id,
            "account_id": self.claim.account_id,
            "platform": self.claim.platform,
        }
        if self.status == "published":
            return PostPublished(**about, network_id=self.network_id or "", url=self.url)
        if self.status == "failed":
            return PostFailed(**about, code=self.code or "", reason=self.reason or "")
        return None


class Note(NamedTuple):
    """Ids of a network that an attempt has to keep, empty where it only has to be the latest still."""

    post_id: int
    attempt: int
    progress: dict[str, object]


async def settle(database: Database, outcomes: Sequence[Outcome]) -> list[bool]:
    """Write outcomes down; whether each attempt was still the latest one of its post."""
    async with database.session() as session:
        connection = await driver(session)
        columns = [
            (
                outcome.claim.post_id,
                outcome.claim.attempt,
                outcome.status,
                outcome.outcome_unknown,
                outcome.failures,
                outcome.network_id,
                outcome.url,
                outcome.code,
                outcome.reason,
                outcome.forget or outcome.status == "published",
            )
            for outcome in outcomes
        ]
        if pauses := _pauses(outcomes):  # accounts before their posts, as everybody locks them
            await connection.execute(_PAUSE, list(pauses), list(pauses.values()))
        rows = await connection.fetch(_SETTLE, *map(list, zip(*columns, strict=True)))
        settled = {row["id"] for row in rows}
        valid = [outcome for outcome in outcomes if outcome.claim.post_id in settled]
        told = [(f"post:{one.claim.post_id}", event) for one in valid if (event := one.event)]
        await publish_many(session, Outbox, told)
    return [outcome.claim.post_id in settled for outcome in outcomes]


async def note(database: Database, notes: Sequence[Note]) -> list[bool]:
    """Keep networks' ids; whether each attempt is still the latest one of its post."""
    ids, attempts, progress = zip(*notes, strict=True)
    async with database.session() as session:
        connection = await driver(session)
        texts = [orjson.dumps(one).decode() for one in progress]
        rows = await connection.fetch(_NOTE, list(ids), list(attempts), texts)
    kept = {row["id"] for row in rows}
    return [one.post_id in kept for one in notes]


def _pauses(outcomes: Sequence[Outcome]) -> dict[int, timedelta]:
    """By account, in the order in which everybody locks them."""
    longest: dict[int, timedelta] = {}
    for one in outcomes:
        if one.pauses and one.wait is not None:
            account = one.claim.account_id
            longest[account] = max(one.wait, longest.get(account, one.wait))
    return dict(sorted(longest.items()))


def _fits(text: str, longest: int) -> str:
    return text.replace("\x00", "").encode(errors="replace").decode()[:longest]
