"""Claiming posts for an attempt: from here on only the outcome of the attempt with the latest number counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import asyncpg

from shared.db.database import Database
from shared.db.transactions import driver
from shared.schemas.dates import utcnow
from sns_service.publishing.rates import RateLimiter, give_out, places

_READ = """
    SELECT p.id, p.user_id, p.account_id, p.ticket, p.status, p.content, p.template_type, p.media_urls, p.client_token,
        p.progress, p.open, p.attempt, p.tries, p.attempted_at, p.begun_at, p.failure, clock_timestamp() AS now,
        a.platform, a.account_name, a.credentials, a.is_active AND a.deleted_at IS NULL AS usable, a.paused_until
    FROM posts AS p JOIN accounts AS a ON a.id = p.account_id
    WHERE p.id = ANY($1::bigint[]) ORDER BY p.id FOR UPDATE OF p
"""
_CLAIM = """
    UPDATE posts SET status = 'publishing', attempt = attempt + 1, attempted_at = clock_timestamp(), open = true,
        begun_at = CASE WHEN failure_code IS NULL OR begun_at IS NULL THEN clock_timestamp() ELSE begun_at END,
        progress = CASE WHEN open THEN progress ELSE progress || '{"asked": false}' END
    WHERE id = ANY($1::bigint[])
"""

NOT_ASKED: Final = {"asked": False}
"""Of what no earlier attempt may have left at its network: a worker may die before it asks."""
PAUSED_AT_MOST: Final = timedelta(minutes=5)
"""Then a post of a paused account asks again, whose pause may have been lifted."""


class PublicationClaim(NamedTuple):
    """What a job says."""

    post_id: int
    publication_version: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post that is ours to publish. `outcome_unknown`: an earlier attempt may have published it."""

    post_id: int
    user_id: int
    account_id: int
    platform: str
    account_name: str
    usable: bool
    credentials: str | None = field(repr=False)
    content: str
    template: str
    media: Sequence[str]
    token: str
    progress: dict[str, Any]
    outcome_unknown: bool
    attempt: int
    tries: int
    waited: timedelta
    """Since its network was first asked."""
    until_turn: timedelta
    """Until its turn at the network."""


@dataclass(frozen=True, slots=True)
class Later:
    """It has to wait for longer than a job should."""

    delay: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """It has failed already."""

    reason: str


Claim = Claimed | Later | Dead | None
"""None: there is nothing to do, for the post is published, unscheduled, scheduled again or deleted."""


async def claim(
    database: Database,
    claims: Sequence[PublicationClaim],
    *,
    rates: Mapping[str, float],
    lookup_after: timedelta,
) -> list[Claim]:
    """Claim the posts of these jobs, in one transaction."""
    async with database.session() as session:
        connection = await driver(session)
        rows = {row["id"]: row for row in await connection.fetch(_READ, [given.post_id for given in claims])}
        now = next((row["now"] for row in rows.values()), utcnow())  # workers' own clocks differ
        free = await places(connection, rates, {row["platform"] for row in rows.values()}, now)
        decided: list[Claim] = []
        claimed: set[int] = set()
        for given in claims:
            row = rows.get(given.post_id)
            twice = given.post_id in claimed
            decision = None if row is None or twice else _decide(row, given, free, now, lookup_after)
            if isinstance(decision, Claimed):
                claimed.add(given.post_id)
            decided.append(decision)
        if claimed:
            await connection.execute(_CLAIM, list(claimed))
        await give_out(connection, free)
    return decided


def _decide(
    row: asyncpg.Record, given: PublicationClaim, free: RateLimiter, now: datetime, lookup_after: timedelta
) -> Claim:
    if row["ticket"] != given.publication_version or row["status"] not in {
        "scheduled",
        "publishing",
        "failed",
    }:
        return None
    if row["status"] == "failed":
        return Dead(row["failure"] or "failed before")
    if row["open"] and row["attempted_at"] + lookup_after > now:
        return Later(
            row["attempted_at"] + lookup_after - now, "an attempt without an answer may still succeed"
        )
    if row["paused_until"] is not None and row["paused_until"] > now:
        return Later(min(row["paused_until"] - now, PAUSED_AT_MOST), "the network asked us to wait")
    wait, granted = free.take(row["platform"])
    return _claimed(row, now, wait) if granted else Later(wait, "the network's rate limit is reached")


def _claimed(row: asyncpg.Record, now: datetime, wait: timedelta) -> Claimed:
    return Claimed(
        post_id=row["id"],
        user_id=row["user_id"],
        account_id=row["account_id"],
        platform=row["platform"],
        account_name=row["account_name"],
        usable=row["usable"],
        credentials=row["credentials"],
        content=row["content"],
        template=row["template_type"],
        media=row["media_urls"],
        token=f"sf-{row['client_token'].hex}",
        progress=row["progress"] if row["open"] else {**row["progress"], **NOT_ASKED},
        outcome_unknown=row["open"],
        attempt=row["attempt"] + 1,
        tries=row["tries"],
        waited=now - row["begun_at"] if row["failure"] and row["begun_at"] else timedelta(0),
        until_turn=wait,
    )
