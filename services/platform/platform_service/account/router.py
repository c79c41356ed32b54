"""/api/auth, and /api/platform/dashboard: what logged-in users see of their own account and do with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body

from platform_service.account import service
from platform_service.account.schemas import AccountDeletion, Dashboard, Logout, PasswordChange, SessionList
from platform_service.auth.errors import (
    AccountInactive,
    GuessesNotCounted,
    SessionStoreUnavailable,
    TooManyGuesses,
    WeakPassword,
    WrongPassword,
)
from platform_service.auth.router import Earlier, PasswordsDep, Revoker, Throttle, UserAgent
from platform_service.auth.schemas import Tokens, User
from platform_service.deps import DatabaseDep, Grace, Message, Settings
from platform_service.keys.router import Ring
from shared.auth.dependencies import CurrentUser
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.problems import responses

router = APIRouter(prefix="/api/auth", tags=["auth"])
first_page = APIRouter(prefix="/api/platform", tags=["dashboard"])


@router.get("/me", response_model=User, responses=responses(AccountInactive))
async def me(user: CurrentUser, database: DatabaseDep) -> ModelAnswer:
    """The user whose access token this is."""
    return ModelAnswer(User.model_validate(await service.me(database, user=user)))


@router.delete("/me", responses=responses(WrongPassword, TooManyGuesses, GuessesNotCounted))
async def delete_me(
    body: AccountDeletion,
    user: CurrentUser,
    session: Session,
    database: DatabaseDep,
    passwords: PasswordsDep,
    throttle: Throttle,
    revoker: Revoker,
    grace: Grace,
) -> Message:
    """Delete the account: personal data, subscriptions and sessions, here and in the other services."""
    await service.delete_account(
        session,
        database,
        passwords=passwords,
        throttle=throttle,
        revoker=revoker,
        grace=grace,
        user=user,
        password=body.password,
    )
    return Message(message="Your account is deleted.")


@router.post(
    "/password",
    response_model=Tokens,
    responses=responses(WrongPassword, WeakPassword, TooManyGuesses, GuessesNotCounted),
)
async def change_password(
    body: PasswordChange,
    user: CurrentUser,
    session: Session,
    database: DatabaseDep,
    settings: Settings,
    passwords: PasswordsDep,
    throttle: Throttle,
    ring: Ring,
    revoker: Revoker,
    agent: UserAgent = "",
) -> ModelAnswer:
    """Change the password. All sessions end, and the answer has the tokens of a new one."""
    tokens = await service.change_password(
        session,
        database,
        passwords=passwords,
        throttle=throttle,
        ring=ring,
        revoker=revoker,
        lifetime=settings.refresh_lifetime,
        user=user,
        old=body.current_password,
        new=body.new_password,
        user_agent=agent,
    )
    return ModelAnswer(tokens)


@router.get("/sessions", responses=responses(SessionStoreUnavailable))
async def sessions(user: CurrentUser, database: DatabaseDep, earlier: Earlier) -> SessionList:
    """The user's open sessions, most recently used first."""
    return SessionList(sessions=await service.open_sessions(database, earlier=earlier, user=user))


@router.post("/logout", responses=responses(SessionStoreUnavailable))
async def logout(
    user: CurrentUser,
    database: DatabaseDep,
    earlier: Earlier,
    revoker: Revoker,
    body: Annotated[Logout | None, Body()] = None,
) -> Message:
    """End this session; its access token is refused everywhere within a second."""
    token = None if body is None else body.refresh_token
    await service.log_out(database, revoker=revoker, earlier=earlier, user=user, refresh_token=token)
    return Message(message="You are logged out.")


@router.post("/logout-all")
async def logout_everywhere(user: CurrentUser, session: Session, revoker: Revoker) -> Message:
    """End every session of the user."""
    await service.log_out_everywhere(session, revoker=revoker, user=user)
    return Message(message="You are logged out everywhere.")


@first_page.get("/dashboard", response_model=Dashboard)
async def dashboard(user: CurrentUser, database: DatabaseDep, grace: Grace) -> ModelAnswer:
    """The user and all products, with the user's subscriptions."""
    return ModelAnswer(await service.read_dashboard(database, user_id=user.user_id, grace=grace))
