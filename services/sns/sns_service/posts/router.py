"""Posts over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from fastapi import APIRouter, Query
from fastapi.responses import Response

from shared.auth.errors import SubscriptionRequired
from shared.db.constraints import LimitReached
from shared.errors import FieldError
from shared.idempotency import IdempotencyKeyReused
from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import InvalidCursor, decode_cursor, encode_cursor
from shared.schemas.text import RawString
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.body_limits import BodyLimits, with_body_limits
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import PageQuery, page_of, page_query
from shared.web.problems import responses
from sns_service.accounts.errors import AccountNotFound
from sns_service.accounts.schemas import Done
from sns_service.deps import PREFIX, Idempotent, Subscriber
from sns_service.networks.media import Defaults
from sns_service.posts import drafts, errors, queries, service
from sns_service.posts.models import Post
from sns_service.posts.rules import Status
from sns_service.posts.schemas import (
    NewPost,
    NewPosts,
    PostChanges,
    PostDetail,
    PostPage,
    PostState,
    PostsWritten,
    PostWritten,
    Publication,
    Retry,
)
from sns_service.resources import defaults_of

router = APIRouter(prefix=f"{PREFIX}/posts", tags=["posts"])
WRITE_ERRORS = (
    AccountNotFound,
    errors.AccountInactive,
    IdempotencyKeyReused,
    LimitReached,
    SubscriptionRequired,
)
BULK_BOUNDS = BodyLimits(values=25_000)
"""A thousand posts have seven values each, and 1 MB no room for more addresses of a usual length."""


def _defaults(runtime: RuntimeDep) -> Defaults:
    return defaults_of(runtime.settings)


@router.get("", response_model=PostPage, responses=responses(InvalidCursor, SubscriptionRequired))
async def list_posts(
    runtime: RuntimeDep,
    user: Subscriber,
    page: Annotated[PageQuery, page_query(default=20)],
    account_id: Annotated[Id | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    cursor: Annotated[
        str | None, RawString(), Query(description="The previous page's next_cursor; use it instead of page.")
    ] = None,
) -> Response:
    """Your posts, newest first."""
    wanted = queries.Wanted(
        user.user_id,
        limit=page.per_page,
        offset=page.offset,
        before=decode_cursor(cursor, int)[0] if cursor else None,
        account_id=account_id,
        status=status,
    )
    rows, total, last = await queries.page(runtime.database, wanted)
    following = None if last is None else encode_cursor(last)
    envelope = page_of(
        "posts", rows, total=total, page=page.page, per_page=page.per_page, next_cursor=following
    )
    return JSONBytes(dumps(envelope))


@router.post("", status_code=201, response_model=PostWritten, responses=responses(*WRITE_ERRORS))
async def write_post(
    session: Session, idempotent: Idempotent, runtime: RuntimeDep, user: Subscriber, body: NewPost
) -> Response:
    """Write a draft. It may be one that its network cannot publish as it is; the message says so."""

    async def work() -> PostWritten:
        post, wrong = await drafts.write(
            session,
            user_id=user.user_id,
            draft=drafts.Draft(**body.model_dump()),
            defaults=_defaults(runtime),
        )
        return PostWritten(id=post.id, message=_with_warning("The draft is saved.", wrong))

    return await idempotent(operation="posts.write", request=body, work=work)


@router.post(
    "/bulk",
    status_code=201,
    response_model=PostsWritten,
    responses=responses(*WRITE_ERRORS, errors.ContentRefused),
)
@with_body_limits(BULK_BOUNDS)
async def write_posts(
    session: Session, idempotent: Idempotent, runtime: RuntimeDep, user: Subscriber, body: NewPosts
) -> Response:
    """Write and schedule up to 1,000 posts, of 1 MB at most: all of them, or none and a list of what is wrong.
    Those with a time have to be such that their networks can publish them."""

    async def work() -> PostsWritten:
        given = [drafts.Draft(**post.model_dump()) for post in body.posts]
        posts = await drafts.write_many(
            session, user_id=user.user_id, drafts=given, defaults=_defaults(runtime)
        )
        ids = [post.id for post in posts]
        return PostsWritten(ids=ids, created=len(ids), message=f"{len(ids)} posts are saved.")

    return await idempotent(operation="posts.bulk", request=body, work=work)


@router.get(
    "/{post_id}", response_model=PostDetail, responses=responses(errors.PostNotFound, SubscriptionRequired)
)
async def get_post(runtime: RuntimeDep, user: Subscriber, post_id: Id) -> Response:
    """One of your posts, with its full content and, if it failed, the reason."""
    return JSONBytes(dumps(await queries.one(runtime.database, post_id=post_id, user_id=user.user_id)))


@router.patch(
    "/{post_id}",
    response_model=PostState,
    responses=responses(
        errors.PostNotFound,
        errors.NotEditable,
        errors.MayBePublic,
        errors.ContentRefused,
        SubscriptionRequired,
    ),
)
async def change_post(
    session: Session, runtime: RuntimeDep, user: Subscriber, post_id: Id, body: PostChanges
) -> Response:
    """Change a draft, a scheduled or a failed post."""
    post = await service.change(
        session,
        post_id=post_id,
        user_id=user.user_id,
        changes=body.model_dump(exclude_unset=True),
        defaults=_defaults(runtime),
    )
    return ModelAnswer(_state(post, "The post is changed."))


@router.post(
    "/{post_id}/publish",
    response_model=PostState,
    responses={
        202: {
            "model": PostState,
            "description": "The post is being published in the background; read it again for the result.",
        },
        **responses(
            errors.PostNotFound,
            errors.NotPublishable,
            errors.AccountInactive,
            errors.InvalidTime,
            SubscriptionRequired,
        ),
    },
)
async def publish_post(
    session: Session, runtime: RuntimeDep, user: Subscriber, post_id: Id, body: Publication | None = None
) -> Response:
    """Publish a post at a time (200), or as soon as a worker has it (202). A scheduled one gets the new time.

    What the network cannot publish becomes failed then, and says why; the message says so at once."""
    post, wrong = await service.publish(
        session,
        post_id=post_id,
        user_id=user.user_id,
        scheduled_at=body.scheduled_at if body else None,
        defaults=_defaults(runtime),
    )
    if post.status == "scheduled":
        return ModelAnswer(_state(post, _with_warning("The post is scheduled.", wrong)))
    return JSONBytes(_state(post, _with_warning("The post is being published.", wrong)), 202)


@router.post(
    "/{post_id}/cancel",
    response_model=PostState,
    responses=responses(errors.PostNotFound, errors.NotScheduled, SubscriptionRequired),
)
async def call_post_back(session: Session, user: Subscriber, post_id: Id) -> Response:
    """Turn a scheduled post back into a draft."""
    post = await service.unschedule(session, post_id=post_id, user_id=user.user_id)
    return ModelAnswer(_state(post, "The post is a draft again."))


@router.post(
    "/{post_id}/retry",
    status_code=202,
    response_model=PostState,
    responses=responses(
        errors.PostNotFound,
        errors.NotFailed,
        errors.OutcomeUnknown,
        errors.AccountInactive,
        SubscriptionRequired,
    ),
)
async def retry_post(session: Session, user: Subscriber, post_id: Id, body: Retry | None = None) -> Response:
    """Retry a failed post. If the network may already have it, `confirm` is required."""
    post = await service.retry(
        session, post_id=post_id, user_id=user.user_id, confirm=body is not None and body.confirm
    )
    return ModelAnswer(_state(post, "The post is being published."))


@router.delete(
    "/{post_id}",
    response_model=Done,
    responses=responses(errors.PostNotFound, errors.NotDeletable, SubscriptionRequired),
)
async def delete_post(session: Session, user: Subscriber, post_id: Id) -> Response:
    """Delete a draft, a scheduled or a failed post."""
    await service.delete(session, post_id=post_id, user_id=user.user_id)
    return ModelAnswer(Done(message="The post is deleted."))


def _with_warning(message: str, wrong: Sequence[FieldError]) -> str:
    if not wrong:
        return message
    reasons = "; ".join(f"{error.field}: {error.message}" for error in wrong)
    return f"{message} As it is, its network will not take it: {reasons}. Change the post first."


def _state(post: Post, message: str) -> PostState:
    status = cast("Status", post.status)
    return PostState(id=post.id, status=status, scheduled_at=post.scheduled_at, message=message)
