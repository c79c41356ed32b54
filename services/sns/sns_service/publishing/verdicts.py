"""What a network's answer means for a post: another try, a wait, or the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sns_service.networks.errors import Busy, CannotTell, FailedThere, NetworkError, Refused, Working
from sns_service.posts.errors import OUTCOME_UNKNOWN, with_next_step
from sns_service.publishing.claims import Claimed
from sns_service.publishing.outcomes import Outcome

MAX_WAIT_FOR_NETWORK: Final = timedelta(days=3)
"""How long a post waits for a network that is busy, or at work: the longest limits are those of a day."""


class Verdicts:
    """`outcome_unknown` of each outcome: the post may be public all the same. `tries` failures are its end."""

    def __init__(self, tries: int, backoff: Callable[[int], timedelta]) -> None:
        self._tries = tries
        self._backoff = backoff

    def of(self, claimed: Claimed, error: NetworkError, *, outcome_unknown: bool) -> Outcome:
        """What comes of the error."""
        reason = str(error)
        match error:
            case FailedThere(again=True):
                return self.failure(claimed, error.code, reason, outcome_unknown=False, forget=True)
            case FailedThere():
                return _failed(claimed, error.code, reason, advised=error.advised, forget=True)
            case Refused():
                return _failed(
                    claimed, error.code, reason, outcome_unknown=outcome_unknown, advised=error.advised
                )
            case CannotTell():
                return _failed(claimed, OUTCOME_UNKNOWN, reason, outcome_unknown=True, unsure=False)
            case Busy() | Working():
                return self._wait(claimed, error, outcome_unknown=outcome_unknown)
            case _:
                return self.failure(claimed, "unavailable", reason, outcome_unknown=outcome_unknown)

    def failure(
        self,
        claimed: Claimed,
        code: str,
        reason: str,
        *,
        outcome_unknown: bool,
        forget: bool = False,
    ) -> Outcome:
        """One that may pass, unless there were enough of them."""
        if claimed.tries + 1 >= self._tries:
            reason = f"After {claimed.tries + 1} tries: {reason}"
            return _failed(claimed, code, reason, outcome_unknown=outcome_unknown, failures=1, forget=forget)
        return Outcome(
            claimed,
            "publishing",
            outcome_unknown=outcome_unknown,
            failures=1,
            code=code,
            reason=reason,
            forget=forget,
        )

    def _wait(self, claimed: Claimed, error: Busy | Working, *, outcome_unknown: bool) -> Outcome:
        """Waiting is not a failure until it has lasted too long. The longer it lasts, the less often the
        network is asked."""
        if claimed.waited > MAX_WAIT_FOR_NETWORK:
            reason = f"After {MAX_WAIT_FOR_NETWORK.days} days: {error}"
            return _failed(claimed, "unavailable", reason, outcome_unknown=outcome_unknown)
        busy = isinstance(error, Busy)
        return Outcome(
            claimed,
            "publishing",
            outcome_unknown=outcome_unknown,
            code="busy" if busy else "working",
            reason=str(error),
            wait=max(timedelta(seconds=error.retry_after), claimed.waited / 10) + self._backoff(0),
            pauses=busy,
        )


def _failed(
    claimed: Claimed,
    code: str,
    reason: str,
    *,
    outcome_unknown: bool = False,
    failures: int = 0,
    forget: bool = False,
    advised: bool = False,
    unsure: bool = True,
) -> Outcome:
    """The end, with what the author does next. `unsure`: a retry looks at the network first, if the outcome is
    unknown."""
    said = with_next_step(code, reason, advised=advised, may_be_public=outcome_unknown and unsure)
    return Outcome(
        claimed,
        "failed",
        outcome_unknown=outcome_unknown,
        failures=failures,
        code=code,
        reason=said,
        forget=forget,
    )
