"""What Instagram's Graph API is given, and what is read of its answers. A reader meets an answer that is of somebody
else with one of UNREADABLE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sns_service.networks.network import Metrics, Publication, Published


@dataclass(frozen=True, slots=True)
class State:
    """What a container says of itself: IN_PROGRESS, FINISHED, PUBLISHED, ERROR or EXPIRED, and that in words."""

    code: str
    said: str


def media_of(work: Publication, children: Sequence[str]) -> dict[str, str]:
    """The fields that give a container its media; `children` are the containers of a carousel's pictures."""
    if children:
        return {"media_type": "CAROUSEL", "children": ",".join(children)}
    if work.template == "reel":
        return {"media_type": "REELS", "video_url": work.media[0]}
    return {"image_url": work.media[0]}


def id_of(made: Mapping[str, Any]) -> str:
    """Of a container or a media."""
    return str(made["id"])


def state_of(container: Mapping[str, Any]) -> State:
    """Of its fields `status_code` and `status`."""
    return State(str(container["status_code"]), str(container.get("status", "")))


def metrics_of(media: Mapping[str, Any]) -> Metrics:
    """Of its fields `like_count`, which the user may hide, and `comments_count`."""
    return Metrics(likes=int(media.get("like_count", 0)), comments=int(media.get("comments_count", 0)))


def first_since(since: datetime, found: Sequence[Mapping[str, Any]], caption: str) -> Published:
    """The earliest media with the caption, of what Meta gives latest first: later ones may be other posts that say the
    same. Without an id where there is none."""
    for media in reversed(found):
        same = (media.get("caption") or "").strip() == caption.strip()
        if same and datetime.fromisoformat(media["timestamp"]) >= since:
            return Published(str(media["id"]), media.get("permalink"))
    return Published("")
