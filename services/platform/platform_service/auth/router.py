"""/api/auth: registration, login, tokens."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from starlette.background import BackgroundTask

from platform_service.auth import service
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
from platform_service.deps import ResourcesDep
from shared.schemas.json import JSONBytes
from shared.schemas.text import RawString
from shared.web.deps import Session
from shared.web.problems import responses
from shared.web.routes import public

router = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[public])
UserAgent = Annotated[str, RawString(), Header(alias="User-Agent", include_in_schema=False)]


@router.post(
    "/register",
    status_code=201,
    response_model=LoggedIn,
    responses=responses(EmailTaken, WeakPassword, HashingBusy),
)
async def register(
    body: Registration, session: Session, resources: ResourcesDep, agent: UserAgent = ""
) -> JSONBytes:
    """Create an account and log in."""
    answer = await service.register(
        session, resources, email=body.email, password=body.password, name=body.name, user_agent=agent
    )
    return uncached(answer, status=201)


@router.post(
    "/login",
    response_model=LoggedIn,
    responses=responses(WrongCredentials, AccountInactive, TooManyGuesses, GuessesNotCounted, HashingBusy),
)
async def login(body: Login, resources: ResourcesDep, agent: UserAgent = "") -> JSONBytes:
    """Log in with e-mail address and password, and get tokens."""
    answer = await service.log_in(resources, email=body.email, password=body.password, user_agent=agent)
    return uncached(answer)


@router.post(
    "/refresh",
    response_model=Tokens,
    responses=responses(InvalidRefreshToken, ReusedToken, SessionStoreUnavailable),
)
async def refresh(body: Refresh, request: Request, resources: ResourcesDep) -> JSONBytes:
    """Exchange a refresh token for new tokens. Each refresh token can be used once."""
    tokens = await service.refresh(resources, refresh_token=body.refresh_token)
    answer = uncached(tokens)
    # Once the answer is out. Who hung up before got none, and comes again with the same token.
    if not await request.is_disconnected():
        answer.background = BackgroundTask(
            service.note_answer, resources, refresh_token=tokens["refresh_token"]
        )
    return answer


def uncached(answer: dict[str, Any], *, status: int = 200) -> JSONBytes:
    """An answer with tokens in it, which no proxy may store."""
    return JSONBytes(answer, status, headers={"Cache-Control": "no-store"})
