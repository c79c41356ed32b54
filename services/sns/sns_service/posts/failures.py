"""Why a post failed, and what its author does next: each code has a step, and every reason ends with one."""

from __future__ import annotations

from typing import Final

OUTCOME_UNKNOWN: Final = "outcome_unknown"
MISSED: Final = "missed_its_time"
MOST: Final = 500
"""Characters of a reason with its step, as the column has it."""
NEXT_STEPS: Final = {
    "account_inactive": "Switch the account on, or link it again; then retry the post.",
    "bad_address": "Correct the address that the account or the post names, then retry the post.",
    "content_refused": "Change the post, then retry it.",
    "credentials_missing": "Give the account its credentials, then retry the post.",
    "credentials_rejected": "Link the account again or give it new credentials, then retry the post.",
    "credentials_unreadable": "Give the account its credentials again, then retry the post.",
    "internal_error": "Retry the post; if it fails again, contact support.",
    "media_refused": "Change the post's media, then retry the post.",
    MISSED: "Retry the post to publish it now, or delete it.",
    OUTCOME_UNKNOWN: "Look at the network: if the post is not there, retry it and confirm; if it is, delete it here.",
    "refused": "Change what the network does not take, then retry the post.",
    "unavailable": "Retry the post later.",
}
"""By code. Everything that a failure may be is in here."""


MAY_BE_PUBLIC: Final = "It may have been published; a retry looks there first."


def with_next_step(code: str, reason: str, *, advised: bool = False, may_be_public: bool = False) -> str:
    """The reason, cut if it must be, and its code's step. `advised`: it says itself what to do."""
    steps = ([] if advised else [NEXT_STEPS[code]]) + ([MAY_BE_PUBLIC] if may_be_public else [])
    ending = " ".join(steps)
    said = reason.strip()[: MOST - len(ending) - 2].rstrip()
    stop = "" if not said or said[-1] in ".!?…" else "."
    return f"{said}{stop} {ending}".rstrip()
