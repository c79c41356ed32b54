"""What a network takes, and when. No database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.errors import FieldError
from sns_service.networks.media import (
    PICTURES,
    VIDEOS,
    Defaults,
    MediaKind,
    MediaRule,
    file_ending,
    media_kind,
)
from sns_service.networks.network import Network
from sns_service.networks.registry import network_named
from sns_service.posts.errors import InvalidTime

Status = Literal["draft", "scheduled", "publishing", "published", "failed"]

JUST_PAST: Final = timedelta(minutes=1)
"""Clocks differ: what is past by less is published now."""
FARTHEST: Final = timedelta(days=366)


def content_errors(
    platform: str, *, template: str, content: str, media: Sequence[str], defaults: Defaults
) -> list[FieldError]:
    """Everything for which the network would refuse the post, as far as that is to be seen here."""
    network = network_named(platform)
    found = [FieldError("content", message) for message in network.text_errors(content, media)]
    rule = network.templates.get(template)
    if rule is None:
        allowed = ", ".join(network.templates)
        found.append(FieldError("template_type", f"{platform} accepts {allowed}, not {template}"))
    else:
        found += _media_errors(network, f"{platform} accepts {rule} with {template}", rule, media, defaults)
    return found


def _media_errors(
    network: Network[Any], what: str, rule: MediaRule, media: Sequence[str], defaults: Defaults
) -> list[FieldError]:
    if not media:
        if rule.needed and defaults.of(rule.kind) is None:
            return [FieldError("media_urls", f"{what}; this has none")]
        return []
    kinds = {media_kind(url) for url in media}
    if rule.instead and len(kinds) > 1:
        return [FieldError("media_urls", f"{what}, not both")]
    kind = media_kind(media[0])
    fitting = rule.of(kind) or rule
    if not fitting.min <= len(media) <= fitting.max:
        counted = f"{len(media)} {kind}s" if rule.instead else len(media)
        return [FieldError("media_urls", f"{what}; this has {counted}")]
    return [
        FieldError(f"media_urls.{position}", f"{what}; this is a {media_kind(url)}")
        for position, url in enumerate(media)
        if media_kind(url) != fitting.kind
    ] or _file_errors(network, fitting.kind, media)


def _file_errors(network: Network[Any], kind: MediaKind, media: Sequence[str]) -> list[FieldError]:
    accepted = network.endings.get(kind, PICTURES | VIDEOS)
    named = ", ".join(sorted(accepted))
    return [
        FieldError(
            f"media_urls.{position}", f"{network.name} accepts {kind}s as {named}; this is {file_ending(url)}"
        )
        for position, url in enumerate(media)
        if file_ending(url) in (PICTURES | VIDEOS) - accepted
    ]


def due(scheduled_at: datetime, *, now: datetime) -> timedelta:
    """How long until then; zero for just now. Raises InvalidTime (422) for what is past or too far ahead."""
    ahead = scheduled_at - now
    if ahead < -JUST_PAST:
        raise InvalidTime(f"{scheduled_at.isoformat()} is in the past")
    if ahead > FARTHEST:
        raise InvalidTime(f"{scheduled_at.isoformat()} is more than {FARTHEST.days} days ahead")
    return max(ahead, timedelta(0))
