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
