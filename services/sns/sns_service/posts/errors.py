"""What can be wrong about a post.

ServiceError
  404 PostNotFound
  409 NotEditable, MayBePublic, NotPublishable, NotScheduled, NotDeletable, NotFailed, OutcomeUnknown, AccountInactive
  422 ContentRefused, InvalidTime
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import Conflict, FieldError, NotFound, Unprocessable


class PostNotFound(NotFound):
    """There is no such post of yours."""


class WrongStatus(Conflict):
    """The post's status does not allow this."""

    @classmethod
    def of(cls, status: str) -> WrongStatus:
        """Says what the status is."""
        return cls(f"{cls.default_message} This one is {status}.", post_status=status)


class NotEditable(WrongStatus):
    """Only a draft, a scheduled or a failed post can be changed."""


class MayBePublic(Conflict):
    """The network may have this post as it is. A retry looks there first; to say something else, write another one."""


class NotPublishable(WrongStatus):
    """Only a draft or a scheduled post can be published; a failed one is retried."""


class NotScheduled(WrongStatus):
    """Only a scheduled post can be called back."""


class NotDeletable(WrongStatus):
    """A post that is published, or on its way, cannot be deleted."""


class NotFailed(WrongStatus):
    """Only a failed post can be retried."""


class OutcomeUnknown(Conflict):
    """The network may have this post already: look there, and say {"confirm": true} to send it in spite of that."""


class AccountInactive(Conflict):
    """The post's account is switched off or unlinked: switch it on or link it again, then publish the post."""


class ContentRefused(Unprocessable):
    """The network does not take this post."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{errors[0].field}: {errors[0].message}{more}", errors=errors)


class InvalidTime(Unprocessable):
    """This is no time to publish at."""

    def __init__(self, message: str) -> None:
        super().__init__(f"scheduled_at: {message}", errors=[FieldError("scheduled_at", message)])
