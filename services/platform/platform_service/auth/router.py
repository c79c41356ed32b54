"""/api/auth: registration, login, tokens; and what endpoints of accounts and sessions ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Request
from starlette.background import BackgroundTask

from platform_service.auth import service
from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.errors import (
    AccountInactive,
    EmailTaken,
    GuessesNotCounted,
    HashingBusy,
    InvalidRefreshToken,
    ReusedToken,
    SessionStoreUnavailable,
    TooManyGuesses,
    WeakPassword,
    WrongCredentials,
)
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import Passwords
from platform_service.auth.revocation import SessionRevoker
from platform_service.auth.schemas import LoggedIn, Login, Refresh, Registration, Tokens
from platform_service.deps import DatabaseDep, Settings
from platform_service.keys.router import Ring
from shared.schemas.text import RawString
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.problems import responses
from shared.web.routes import public


async def get_passwords(request: Request) -> Passwords:
    """Who hashes."""
    return cast("Passwords", request.app.state.passwords)


async def get_login_throttle(request: Request) -> LoginThrottle:
    """Who counts failed logins."""
    return cast("LoginThrottle", request.app.state.login_throttle)


async def get_earlier_sessions(request: Request) -> EarlierSessions:
    """What the release before left in Redis."""
    return cast("EarlierSessions", request.app.state.earlier_sessions)


async def get_session_revoker(request: Request) -> SessionRevoker:
    """Who ends sessions."""
    return cast("SessionRevoker", request.app.state.session_revoker)


PasswordsDep = Annotated[Passwords, Depends(get_passwords)]
Throttle = Annotated[LoginThrottle, Depends(get_login_throttle)]
Earlier = Annotated[EarlierSessions, Depends(get_earlier_sessions)]
Revoker = Annotated[SessionRevoker, Depends(get_session_revoker)]
UserAgent = Annotated[str, RawString(), Header(alias="User-Agent", include_in_schema=False)]

router = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[public])


@router.post(
    "/register",
    status_code=201,
    response_model=LoggedIn,
    responses=responses(EmailTaken, WeakPassword, HashingBusy),
)
async def register(
    body: Registration,
    session: Session,
    settings: Settings,
    passwords: PasswordsDep,
    ring: Ring,
    agent: UserAgent = "",
) -> ModelAnswer:
    """Create an account and log in."""
    logged_in = await service.register(
        session,
        passwords=passwords,
        ring=ring,
        lifetime=settings.refresh_lifetime,
        email=body.email,
        password=body.password,
        name=body.name,
        user_agent=agent,
    )
    return ModelAnswer(logged_in)


@router.post(
    "/login",
    response_model=LoggedIn,
    responses=responses(WrongCredentials, AccountInactive, TooManyGuesses, GuessesNotCounted, HashingBusy),
)
async def login(
    body: Login,
    database: DatabaseDep,
    settings: Settings,
    passwords: PasswordsDep,
    throttle: Throttle,
    ring: Ring,
    agent: UserAgent = "",
) -> ModelAnswer:
    """Log in with e-mail address and password, and get tokens."""
    logged_in = await service.log_in(
        database,
        passwords=passwords,
        throttle=throttle,
        ring=ring,
        lifetime=settings.refresh_lifetime,
        email=body.email,
        password=body.password,
        user_agent=agent,
    )
    return ModelAnswer(logged_in)


@router.post(
    "/refresh",
    response_model=Tokens,
    responses=responses(InvalidRefreshToken, ReusedToken, SessionStoreUnavailable),
)
async def refresh(
    body: Refresh,
    request: Request,
    database: DatabaseDep,
    settings: Settings,
    ring: Ring,
    earlier: Earlier,
    revoker: Revoker,
) -> ModelAnswer:
    """Exchange a refresh token for new tokens. Each refresh token can be used once."""
    tokens = await service.refresh(
        database,
        ring=ring,
        earlier=earlier,
        revoker=revoker,
        grace=settings.refresh_grace,
        lifetime=settings.refresh_lifetime,
        refresh_token=body.refresh_token,
    )
    answer = ModelAnswer(tokens)
    # Only once the answer is out: a client that hung up before got none, and comes again with the same token.
    if not await request.is_disconnected():
        answer.background = BackgroundTask(service.note_answer, database, refresh_token=tokens.refresh_token)
    return answer
