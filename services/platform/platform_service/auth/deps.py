"""What the endpoints of accounts and sessions ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Header, Request

from platform_service.auth.earlier_sessions import EarlierSessions
from platform_service.auth.login_throttle import LoginThrottle
from platform_service.auth.passwords import Passwords
from platform_service.auth.revocation import SessionRevoker
from shared.schemas.text import RawString


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
