"""One post from its job to its network, and what comes of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

from shared.db.database import Database
from shared.jobs import GivenUp, Postponed
from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.errors import NetworkError, Refused
from sns_service.networks.http import ConcurrencyLimit
from sns_service.networks.media import Defaults
from sns_service.networks.network import Adapter, Publication, Published
from sns_service.networks.registry import network_named
from sns_service.posts.rules import content_errors
from sns_service.publishing.batching import Batch
from sns_service.publishing.claims import PAUSED_AT_MOST, Claim, Claimed, Dead, Later, PublicationClaim, claim
from sns_service.publishing.outcomes import Note, Outcome, note, settle
from sns_service.publishing.verdicts import Verdicts
from sns_service.retry import RETRY_SECONDS
from sns_service.settings import SnsSettings

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = 4.0
"""A worker that has not begun by then may be taken for dead, and its job be given to another one."""
GATHER_SECONDS: Final = 0.05
"""How long outcomes are gathered, while there are few, to be written down together."""
LOOK_AGAIN_SECONDS: Final = 1.0
"""If looking the post up or renewing access took longer, the attempt makes sure, before it sends, that no other worker
has claimed the post meanwhile; the time after which the post may be looked up begins anew."""
LEAST_OF_ONE: Final = 10
"""Posts of one account at a time, or a quarter of all where that is more."""
ATTEMPT_SECONDS: Final = 540.0
"""Of a whole attempt: within its job's time, so that it is counted."""


class Superseded(Exception):
    """Another worker has claimed the post in the meantime."""


class Publisher:
    """Publishes posts with these networks. `backoff` says how long to wait after so many failures."""

    def __init__(
        self,
        database: Database,
        settings: SnsSettings,
        adapters: Mapping[str, Adapter],
        keyring: Keyring,
        *,
        backoff: Callable[[int], timedelta],
    ) -> None:
        of_one = max(LEAST_OF_ONE, settings.publish_at_a_time // 4)
        self._places = ConcurrencyLimit(most=settings.publish_at_a_time, of_one=of_one)
        self._verdicts = Verdicts(settings.publish_tries, backoff)
        self._adapters = adapters
        self._keyring = keyring
        self._backoff = backoff
        self._lookup_after = timedelta(seconds=settings.lookup_after_seconds)
        self._defaults = Defaults(settings.default_image_url, settings.default_video_url)
        self._claims: Batch[PublicationClaim, Claim] = Batch(
            partial(claim, database, rates=settings.network_rates, lookup_after=self._lookup_after)
        )
        self._notes: Batch[Note, bool] = Batch(partial(note, database), retry_seconds=RETRY_SECONDS)
        self._outcomes: Batch[Outcome, bool] = Batch(
            partial(settle, database), retry_seconds=RETRY_SECONDS, gather=GATHER_SECONDS
        )

    async def publish(self, post_id: int, publication_version: int) -> None:
        """What the job does. Raises Postponed for another try, GivenUp where the post has failed."""
        asked = time.monotonic()
        claimed = await self._claims.submit(PublicationClaim(post_id, publication_version))
        if isinstance(claimed, Later):
            raise Postponed(claimed.delay, claimed.reason)
        if isinstance(claimed, Dead):
            raise GivenUp(f"post {post_id}: {claimed.reason}")
        if claimed is not None:
            await self._publish(claimed, asked)

    async def _publish(self, claimed: Claimed, asked: float) -> None:
        try:
            outcome = await self._in_turn(claimed, asked)
            if not await self._outcomes.submit(outcome):
                raise Superseded
        except Superseded as error:
            # The job is another worker's now. To end it here would take it away from there.
            logger.warning("post %s: attempt %s is not the latest", claimed.post_id, claimed.attempt)
            raise Postponed(self._lookup_after, "another worker has claimed it") from error
        if outcome.status == "failed":
            raise GivenUp(f"post {claimed.post_id}: {outcome.reason}")
        if outcome.status == "publishing":
            raise Postponed(self._delay(claimed, outcome), outcome.reason or "")

    def _delay(self, claimed: Claimed, outcome: Outcome) -> timedelta:
        wait = outcome.wait or self._backoff(claimed.tries)
        wait = max(wait, self._lookup_after) if outcome.outcome_unknown else wait
        return min(wait, PAUSED_AT_MOST) if outcome.pauses else wait

    async def _in_turn(self, claimed: Claimed, asked: float) -> Outcome:
        waiting = claimed.until_turn.total_seconds()
        if waiting:
            await asyncio.sleep(waiting)
        if time.monotonic() - asked > waiting + LEASE_SECONDS:
            return Outcome(
                claimed,
                "publishing",
                outcome_unknown=claimed.outcome_unknown,
                code="late",
                reason="The worker was too slow.",
            )
        return await self._attempt(claimed)

    async def _attempt(self, claimed: Claimed) -> Outcome:
        """What came of it, whatever that is. Raises Superseded."""
        unknown, began = claimed.outcome_unknown, time.monotonic()
        try:
            with self._places.place(claimed.account_id):
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    found = await self._find(claimed) if unknown else None
                    unknown = False
                    published = found or await self._send(claimed, began)
            return Outcome(claimed, "published", network_id=published.id, url=published.url)
        except NetworkError as error:
            return self._verdicts.of(claimed, error, outcome_unknown=unknown or error.may_be_public)
        except TimeoutError:
            return self._verdicts.failure(
                claimed, "unavailable", "Publishing took too long.", outcome_unknown=True
            )
        except Superseded:
            raise
        except Exception:  # ours: the post must not stay behind without a word
            logger.exception("post %s: publishing failed", claimed.post_id)
            reason = "Something went wrong on our side."
            return self._verdicts.failure(claimed, "internal_error", reason, outcome_unknown=True)

    async def _find(self, claimed: Claimed) -> Published | None:
        adapter = self._adapters[claimed.platform]
        return await self._keyring.use(
            _holder(claimed), lambda opened: adapter.find(self._work(claimed, opened))
        )

    async def _send(self, claimed: Claimed, began: float) -> Published:
        adapter = self._adapters[claimed.platform]
        self._check(claimed)

        async def send(opened: Mapping[str, str]) -> Published:
            """Asked again after a 401, it goes on from the ids that it kept."""
            if time.monotonic() - began > LOOK_AGAIN_SECONDS:
                await self._note(claimed, {})
            return await adapter.publish(self._work(claimed, opened))

        return await self._keyring.use(_holder(claimed), send)

    def _check(self, claimed: Claimed) -> None:
        """Raises Refused for what its network cannot publish: any draft may be written, and rules change meanwhile."""
        found = content_errors(
            claimed.platform,
            template=claimed.template,
            content=claimed.content,
            media=claimed.media,
            defaults=self._defaults,
        )
        if found:
            reason = "; ".join(f"{error.field}: {error.message}" for error in found)
            raise Refused(reason, code="content_refused")

    def _work(self, claimed: Claimed, credentials: Mapping[str, str]) -> Publication:
        return Publication(
            token=claimed.token,
            content=claimed.content,
            template=claimed.template,
            media=claimed.media or self._default_media(claimed),
            credentials=credentials,
            progress=claimed.progress,
            note=partial(self._note, claimed),
        )

    def _default_media(self, claimed: Claimed) -> list[str]:
        rule = network_named(claimed.platform).templates[claimed.template]
        default = self._defaults.of(rule.kind)
        return [default] if rule.needed and default else []

    async def _note(self, claimed: Claimed, progress: Mapping[str, Any]) -> None:
        if not await self._notes.submit(Note(claimed.post_id, claimed.attempt, dict(progress))):
            raise Superseded


def _holder(claimed: Claimed) -> Holder:
    if not claimed.usable:
        raise Refused("The account is switched off or unlinked.", code="account_inactive")
    return Holder(claimed.account_id, claimed.platform, claimed.credentials)
