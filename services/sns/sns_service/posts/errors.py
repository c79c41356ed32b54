"""What can be wrong about a post; and why one failed, with what its author does next: each code has a step.

ServiceError
  404 PostNotFound
  409 NotEditable, MayBePublic, NotPublishable, NotScheduled, NotDeletable, NotFailed, OutcomeUnknown, AccountInactive
  422 ContentRefused, InvalidTime
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.errors import Conflict, FieldError, NotFound, Unprocessable

OUTCOME_UNKNOWN: Final = "outcome_unknown"
MISSED: Final = "missed_its_time"
LONGEST_FAILURE: Final = 500
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


class PostNotFound(NotFound):
    """You have no post with this id."""


class WrongStatus(Conflict):
    """The post's status does not allow this."""

    @classmethod
    def of(cls, status: str) -> WrongStatus:
        """Says what the status is."""
        return cls(f"{cls.default_message} This one is {status}.", post_status=status)


class NotEditable(WrongStatus):
    """Only a draft, a scheduled or a failed post can be changed."""


class MayBePublic(Conflict):
    """The network may already have this post. A retry checks there first; to change the text, create another post."""


class NotPublishable(WrongStatus):
    """Only a draft or a scheduled post can be published; retry a failed post."""


class NotScheduled(WrongStatus):
    """Only a scheduled post can be turned back into a draft."""


class NotDeletable(WrongStatus):
    """A post that is published or being published cannot be deleted."""


class NotFailed(WrongStatus):
    """Only a failed post can be retried."""


class OutcomeUnknown(Conflict):
    """The network may already have this post; check there, and send {"confirm": true} to publish it anyway."""


class AccountInactive(Conflict):
    """The post's account is switched off or unlinked; switch it on or link it again, then publish the post."""


class ContentRefused(Unprocessable):
    """The network does not accept this post."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0].field}: {errors[0].message}{more}", errors=errors)


class InvalidTime(Unprocessable):
    """This time cannot be used for publishing."""

    def __init__(self, message: str) -> None:
        super().__init__(f"scheduled_at: {message}", errors=[FieldError("scheduled_at", message)])


def with_next_step(code: str, reason: str, *, advised: bool = False, may_be_public: bool = False) -> str:
    """The reason, cut if it must be, and its code's step. `advised`: it says itself what to do."""
    steps = ([] if advised else [NEXT_STEPS[code]]) + ([MAY_BE_PUBLIC] if may_be_public else [])
    ending = " ".join(steps)
    said = reason.strip()[: LONGEST_FAILURE - len(ending) - 2].rstrip()
    stop = "" if not said or said[-1] in ".!?…" else "."
    return f"{said}{stop} {ending}".rstrip()
