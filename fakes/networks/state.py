"""What the fake networks have, and how they are told to misbehave."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

AUDIENCES = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
"""Of a public account at TikTok."""


@dataclass
class PublicPost:
    """A post that everybody sees."""

    network: str
    id: str
    account: str
    content: str
    at: float = field(default_factory=time.time)
    token: str = ""
    media: list[str] = field(default_factory=list)
    """Only where the network tells pictures from videos."""
    audience: str = ""
    """Only at TikTok: who may see it."""
    gone: bool = False
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class Fault:
    """Something that goes wrong, `times` times, for requests of a network whose method and path fit.

    `kind`: `status` answers so (with Retry-After where given); `drop_before` breaks off in its answer before anything
    is done, `drop_after` when all is done; `slow` takes `seconds` before it is done; `partial` (YouTube) keeps half.
    """

    network: str
    kind: str
    times: int = 1
    path: str = ""
    method: str = ""
    status: int = 500
    retry_after: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Others of a `status`."""
    seconds: float = 0.0
    body: Any = None
    """Of a `status`; None: an error in nobody's format."""

    def fits(self, network: str, method: str, path: str) -> bool:
        return (
            self.times > 0
            and self.network in {network, "*"}
            and self.path in path
            and self.method in {"", method}
        )


@dataclass
class State:
    """Everything, in memory: a restarted fake is an empty one."""

    posts: list[PublicPost] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    """Counted by network, method and path."""
    before: float = 0.0
    """Seconds that every request takes before it is done."""
    after: float = 0.0
    """Seconds from then until it is answered."""
    kept_as: str = "publish"
    """The status that WordPress gives to new posts, as where a plugin has somebody look at them first."""
    preparing: int = 0
    """How many times Instagram, TikTok and X say that they are still at work."""
    prepared_as: str = "FINISHED"
    """What Instagram's containers are then: FINISHED, ERROR or EXPIRED; with ERROR, X fails as well."""
    says_blocked: bool = False
    """Instagram publishes, and answers that it suspects spam."""
    fail_reasons: list[str] = field(default_factory=list)
    """With which TikTok's next publications fail, one after the other."""
    moderating: int = 0
    """How many times TikTok says that a publication is complete before it names the post."""
    audiences: list[str] = field(default_factory=lambda: list(AUDIENCES))
    """Who may see a post, as TikTok offers it to every account."""
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    publications: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    """YouTube's sessions; it forgets them where a test sets this to nothing."""
    pictures: dict[str, dict[str, Any]] = field(default_factory=dict)
    """X's uploads."""
    listing_lags: bool = False
    """X does not list what was posted yet."""
    video_status: dict[str, str] = field(default_factory=dict)
    """What YouTube says of videos that are uploaded from now on, other than that they are, and as public as asked."""
    expires_in: float = 3600.0
    """Seconds, of the access that is given from now on."""
    expired: set[str] = field(default_factory=set)
    """Access tokens."""
    spent: set[str] = field(default_factory=set)
    """Refresh tokens that were replaced."""
    renewals: list[dict[str, str]] = field(default_factory=list)
    """By which token which access was given, in that order."""
    slugs: dict[str, int] = field(default_factory=dict)
    """How many posts of WordPress were given each."""
    numbers: Any = field(default_factory=lambda: itertools.count(1001))

    def new_id(self) -> str:
        return str(next(self.numbers))

    def publish(
        self, network: str, account: str, content: str, token: str = "", media: Sequence[str] = ()
    ) -> PublicPost:
        post = PublicPost(network, self.new_id(), account, content, token=token, media=list(media))
        self.posts.append(post)
        return post

    def post(self, network: str, post_id: str) -> PublicPost | None:
        found = (post for post in self.posts if post.network == network and post.id == post_id)
        return next((post for post in found if not post.gone), None)

    def fault(self, network: str, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.fits(network, method, path):
                fault.times -= 1
                return fault
        return None

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]  # the fresh state in the same object, which the routes hold

    def listing(self) -> list[dict[str, Any]]:
        return [asdict(post) for post in self.posts]
