"""Linking and unlinking over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from shared.auth.errors import SubscriptionRequired
from shared.db.constraints import LimitReached
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.problems import responses
from sns_service.accounts.errors import AccountExists, AccountNotFound, WrongCredentials
from sns_service.accounts.schemas import AccountLinked, Done, NewAccount
from sns_service.deps import PREFIX, CipherDep, Idempotent, Subscriber
from sns_service.linking import service

router = APIRouter(prefix=f"{PREFIX}/accounts", tags=["accounts"])


@router.post(
    "",
    status_code=201,
    response_model=AccountLinked,
    responses=responses(AccountExists, LimitReached, WrongCredentials, SubscriptionRequired),
)
async def link_account(
    session: Session, idempotent: Idempotent, cipher: CipherDep, user: Subscriber, body: NewAccount
) -> Response:
    """Link an account. If it was linked before, its posts return: those that were scheduled are scheduled
    again, or fail (`missed_its_time`) if their time has passed."""

    async def work() -> AccountLinked:
        account, resumed = await service.link(
            session,
            cipher=cipher,
            user_id=user.user_id,
            platform=body.platform,
            account_name=body.account_name,
            credentials=body.credentials,
        )
        return AccountLinked(id=account.id, message=f"The account is linked. {resumed}".rstrip())

    return await idempotent(operation="accounts.link", request=body, work=work)


@router.delete(
    "/{account_id}", response_model=Done, responses=responses(AccountNotFound, SubscriptionRequired)
)
async def unlink_account(session: Session, user: Subscriber, account_id: Id) -> Response:
    """Unlink an account. Its scheduled posts become drafts and are scheduled again if you link it again."""
    unscheduled = await service.unlink(session, account_id=account_id, user_id=user.user_id)
    more = f" {unscheduled} scheduled posts are drafts again." if unscheduled else ""
    return ModelAnswer(Done(message=f"The account is unlinked.{more}"))
