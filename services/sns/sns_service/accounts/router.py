"""Accounts over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from shared.auth.errors import SubscriptionRequired
from shared.db.constraints import LimitReached
from shared.idempotency.idempotent import IdempotencyKey
from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import InvalidCursor
from shared.schemas.types import Id
from shared.web.deps import RuntimeDep, Session
from shared.web.paging import Listing, bare_list
from shared.web.problems import responses
from sns_service.accounts import queries, service
from sns_service.accounts.errors import AccountExists, AccountNotFound, WrongCredentials
from sns_service.accounts.schemas import AccountCard, AccountChanges, AccountLinked, Done, NewAccount
from sns_service.deps import PREFIX, CipherDep, Subscriber, once

router = APIRouter(prefix=f"{PREFIX}/accounts", tags=["accounts"])


@router.get("", response_model=list[AccountCard], responses=responses(InvalidCursor, SubscriptionRequired))
async def list_accounts(request: Request, runtime: RuntimeDep, user: Subscriber, query: Listing) -> Response:
    """Your accounts, newest first; the Link and X-Next-Cursor headers lead to the next page."""
    rows, last = await queries.of_user(
        runtime.database, user_id=user.user_id, limit=query.limit, before=query.before
    )
    return bare_list(request, query, rows, last)


@router.post(
    "",
    status_code=201,
    response_model=AccountLinked,
    responses=responses(AccountExists, LimitReached, WrongCredentials, SubscriptionRequired),
)
async def link_account(
    session: Session, cipher: CipherDep, user: Subscriber, key: IdempotencyKey, body: NewAccount
) -> Response:
    """Link an account. If it was linked before, its posts return: those that were scheduled are scheduled
    again, or fail (`missed_its_time`) if their time has passed."""

    async def work() -> tuple[int, Any]:
        account, resumed = await service.link(
            session,
            cipher=cipher,
            user_id=user.user_id,
            platform=body.platform,
            account_name=body.account_name,
            credentials=body.credentials,
        )
        return 201, {"id": account.id, "message": f"The account is linked. {resumed}".rstrip()}

    return await once(
        session,
        key=key,
        user=user,
        operation="accounts.link",
        request=body.model_dump(mode="json"),
        work=work,
    )


@router.get(
    "/{account_id}",
    response_model=AccountCard,
    responses=responses(AccountNotFound, SubscriptionRequired),
)
async def get_account(runtime: RuntimeDep, user: Subscriber, account_id: Id) -> Response:
    """One of your accounts."""
    row = await queries.one(runtime.database, user_id=user.user_id, account_id=account_id)
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
    return JSONBytes({"message": "The account is changed."})


@router.delete(
    "/{account_id}", response_model=Done, responses=responses(AccountNotFound, SubscriptionRequired)
)
async def unlink_account(session: Session, user: Subscriber, account_id: Id) -> Response:
    """Unlink an account. Its scheduled posts become drafts and are scheduled again if you link it again."""
    called_back = await service.unlink(session, account_id=account_id, user_id=user.user_id)
    more = f" {called_back} scheduled posts are drafts again." if called_back else ""
    return JSONBytes({"message": f"The account is unlinked.{more}"})
