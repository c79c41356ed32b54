"""Accounts over HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.auth.errors import SubscriptionRequired
from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.answers import ModelAnswer
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from sns_service.accounts import service
from sns_service.accounts.errors import AccountExists, AccountNotFound, WrongCredentials
from sns_service.accounts.schemas import AccountCard, AccountChanges, Done
from sns_service.deps import PREFIX, CipherDep, Subscriber

router = APIRouter(prefix=f"{PREFIX}/accounts", tags=["accounts"])


@router.get("", response_model=list[AccountCard], responses=responses(InvalidCursor, SubscriptionRequired))
async def list_accounts(request: Request, runtime: RuntimeDep, user: Subscriber, query: Listing) -> Response:
    """Your accounts, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await service.of_user(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.get(
    "/{account_id}",
    response_model=AccountCard,
    responses=responses(AccountNotFound, SubscriptionRequired),
)
async def get_account(runtime: RuntimeDep, user: Subscriber, account_id: Id) -> Response:
    """One of your accounts."""
    row = await service.one(runtime.database, user_id=user.user_id, account_id=account_id)
    return JSONBytes(dumps(row))


@router.patch(
    "/{account_id}",
    response_model=Done,
    responses=responses(AccountNotFound, AccountExists, WrongCredentials, SubscriptionRequired),
)
async def change_account(
    session: Session, cipher: CipherDep, user: Subscriber, account_id: Id, body: AccountChanges
) -> Response:
    """Rename an account, switch it on or off, or replace its credentials."""
    await service.change(
        session,
        cipher=cipher,
        account_id=account_id,
        user_id=user.user_id,
        changes=body.model_dump(exclude_unset=True),
    )
    return ModelAnswer(Done(message="The account is changed."))
