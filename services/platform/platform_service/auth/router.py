"""/api/auth: registration, login, tokens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask

from platform_service.answers import uncached
from platform_service.auth import service, token_refresh
from platform_service.auth.deps import Earlier, PasswordsDep, Revoker, Throttle, UserAgent
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
from platform_service.auth.schemas import LoggedIn, Login, Refresh, Registration, Tokens
from platform_service.deps import DatabaseDep, Settings
from platform_service.keys.deps import Ring
from shared.web.answers import ModelAnswer
from shared.web.deps import Session
from shared.web.problems import responses
from shared.web.routes import public

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
    return uncached(logged_in)


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
    return uncached(logged_in)


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
    tokens = await token_refresh.refresh(
        database,
        ring=ring,
        earlier=earlier,
        revoker=revoker,
        grace=settings.refresh_grace,
        lifetime=settings.refresh_lifetime,
        refresh_token=body.refresh_token,
    )
    answer = uncached(tokens)
    # Once the answer is out. Who hung up before got none, and comes again with the same token.
    if not await request.is_disconnected():
        answer.background = BackgroundTask(
            token_refresh.note_answer, database, refresh_token=tokens.refresh_token
        )
    return answer
