"""What can come of asking a network.

NetworkError
 +- Refused         it will not do this, now or later
 |   +- FailedThere  it had taken the post, and says that publishing it failed
 |   +- LinkAgain    access was withdrawn, or has expired for good; only the user can give it again
 |   +- TokenRejected  it does not know the access token (401); with a new one the call may be repeated
 +- Busy            it asks us to wait (429)
 +- Working         it has what we gave it, and is still at work on it
 +- Unavailable     it could not be asked, or not far enough
 +- NoAnswer        it was asked to publish and did not say whether it has; it must be looked up
 +- CannotTell      it was looked up, and the network offers no way to know

Each may say that the post may be public nevertheless, as each may be met once the network has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class NetworkError(Exception):
    """The text is shown to the post's author."""

    may_be_public = False
    """Whether the network may publish the post, or has, though this is all that it said."""


class Refused(NetworkError):
    """`code` is stable, such as `credentials_rejected`. `advised`: the text itself says what its author can do."""

    def __init__(self, reason: str, *, code: str = "refused", advised: bool = False) -> None:
        self.code = code
        self.advised = advised
        super().__init__(reason)


class FailedThere(Refused):
    """Nothing was published, and this attempt cannot go on: its progress is discarded.

    `again`: a new attempt may succeed.
    """

    def __init__(
        self, reason: str, *, code: str = "refused", advised: bool = False, again: bool = False
    ) -> None:
        self.again = again
        super().__init__(reason, code=code, advised=advised)


class LinkAgain(Refused):
    """The text tells the author to link the account again."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code="credentials_rejected", advised=True)


class TokenRejected(Refused):
    """Nothing was done: the refusal is definite."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code="credentials_rejected")


class Busy(NetworkError):
    """`retry_after` is in seconds; until then the network accepts nothing from the account."""

    def __init__(self, reason: str, *, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(reason)


class Working(NetworkError):
    """`retry_after`, in seconds, is when it may be done. Waiting for it is not a failure."""

    def __init__(self, reason: str, *, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(reason)


class Unavailable(NetworkError):
    """The network is unavailable; a retry may succeed."""


class NoAnswer(NetworkError):
    """No answer came; the post may have been published."""

    may_be_public = True


class CannotTell(NetworkError):
    """Only the author can find out whether the post was published."""

    may_be_public = True


def marked(error: NetworkError) -> NetworkError:
    """The same, of a post that may be public: the very object may be raised for several posts."""
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__, may_be_public=True)
    return copied


@contextmanager
def handed_over() -> Iterator[None]:
    """Around calls about what the network publishes by itself from now on: no failure of theirs says that it does not.
    Only FailedThere does."""
    try:
        yield
    except FailedThere:
        raise
    except NetworkError as error:
        error.may_be_public = True
        raise
