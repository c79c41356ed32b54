"""/api/auth: what who is logged in does with their own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from platform_service.auth import account
from platform_service.auth.errors import (
    AccountInactive,
    GuessesNotCounted,
    SessionStoreUnavailable,
    TooManyGuesses,
    WeakPassword,
    WrongPassword,
)
from platform_service.auth.router import UserAgent, uncached
from platform_service.auth.schemas import (
    AccountDeletion,
    Logout,
    Message,
    PasswordChange,
    SessionList,
    Tokens,
)
from platform_service.deps import ResourcesDep
from platform_service.users.schemas import User, user_shape
from shared.auth.dependencies import CurrentUser
from shared.schemas.json import JSONBytes
from shared.web.deps import Session
from shared.web.problems import responses

router = APIRouter(prefix="/api/auth", tags=["auth"])


@router.get("/me", response_model=User, responses=responses(AccountInactive))
async def me(user: CurrentUser, resources: ResourcesDep) -> JSONBytes:
    """The user whose access token this is."""
    return JSONBytes(user_shape(await account.me(resources, user=user)))


@router.delete("/me", responses=responses(WrongPassword, TooManyGuesses, GuessesNotCounted))
async def delete_me(
    body: AccountDeletion, user: CurrentUser, session: Session, resources: ResourcesDep
) -> Message:
    """Delete the account: personal data, subscriptions and sessions, here and in the other services."""
    await account.delete_account(session, resources, user=user, password=body.password)
    return Message(message="Your account is deleted.")


@router.post(
    "/password",
    response_model=Tokens,
    responses=responses(WrongPassword, WeakPassword, TooManyGuesses, GuessesNotCounted),
)
async def change_password(
    body: PasswordChange, user: CurrentUser, session: Session, resources: ResourcesDep, agent: UserAgent = ""
) -> JSONBytes:
    """Change the password. All sessions end, and the answer has the tokens of a new one."""
    tokens = await account.change_password(
        session, resources, user=user, old=body.current_password, new=body.new_password, user_agent=agent
    )
    return uncached(tokens)


@router.get("/sessions", responses=responses(SessionStoreUnavailable))
async def sessions(user: CurrentUser, resources: ResourcesDep) -> SessionList:
    """The user's open sessions, most recently used first."""
    return SessionList.model_validate({"sessions": await account.open_sessions(resources, user=user)})


@router.post("/logout", responses=responses(SessionStoreUnavailable))
async def logout(
    user: CurrentUser, resources: ResourcesDep, body: Annotated[Logout | None, Body()] = None
) -> Message:
    """End this session; its access token is refused everywhere within a second."""
    token = None if body is None else body.refresh_token
    await account.log_out(resources, user=user, refresh_token=token)
    return Message(message="You are logged out.")


@router.post("/logout-all")
async def logout_everywhere(user: CurrentUser, session: Session, resources: ResourcesDep) -> Message:
    """End every session of the user."""
    await account.log_out_everywhere(session, resources, user=user)
    return Message(message="You are logged out everywhere.")
