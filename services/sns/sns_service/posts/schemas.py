"""What clients send about posts, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.schemas.dates import Timestamp
from shared.schemas.text import Text
from shared.schemas.types import BoundedList, Changes, Id, Request, Url
from sns_service.networks.registry import PlatformName
from sns_service.posts.rules import Status
from sns_service.posts.templates import TemplateType

MAX_BULK = 1000
Content = Annotated[str, Text(1, 100_000)]
Media = Annotated[list[Url], Field(max_length=35)]


class NewPost(Request):
    """A draft. `media_urls` are addresses from which the network can fetch pictures or videos."""

    account_id: Id
    content: Content
    template_type: TemplateType
    media_urls: Media = Field(default_factory=list)


class BulkPost(NewPost):
    """A draft or, if it has a time, a scheduled post."""

    scheduled_at: Timestamp | None = None


class NewPosts(Request):
    """Many posts, of which all are taken or none."""

    posts: Annotated[list[BulkPost], BoundedList(1, MAX_BULK)]


class PostChanges(Changes):
    """What to change; what is left out stays."""

    content: Content | None = None
    template_type: TemplateType | None = None
    media_urls: Media | None = None


class Publication(Request):
    """When to publish; without a time, or with null: now. Without an offset it is UTC."""

    scheduled_at: Timestamp | None = None


class Retry(Request):
    """`confirm` sends the post again although the network may have it already."""

    confirm: bool = False


class PostWritten(BaseModel):
    """The new post's id."""

    id: int
    message: str


class PostsWritten(BaseModel):
    """The new posts' ids, in the order of the request."""

    ids: list[int]
    created: int
    message: str


class PostState(BaseModel):
    """The post after the change."""

    id: int
    status: Status
    scheduled_at: datetime | None
    message: str


class PostCard(BaseModel):
    """A post in a list; `content` is cut after 100 characters."""

    id: int
    account_id: int
    account_name: str
    platform: PlatformName
    content: str
    status: Status
    template_type: TemplateType
    scheduled_at: datetime | None
    published_at: datetime | None
    url: str | None
    failure_code: str | None
    failure: str | None
    created_at: datetime


class PostPage(BaseModel):
    """A page of posts, newest first. `next_cursor` leads to the next page even if posts are added in between."""

    posts: list[PostCard]
    total: int
    pages: int
    current_page: int
    next_cursor: str | None


class PostDetail(PostCard):
    """One post in full. `failure` is the last error, even while the post is being retried."""

    media_urls: list[str]
    tries: int
    network_id: str | None
    views: int
    likes: int
    comments: int
    shares: int
