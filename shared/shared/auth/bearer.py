"""The one place that reads the Authorization header."""

import re
from typing import Any, Final

from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import Request

from shared.auth.errors import InvalidToken

# RFC 7235's token68, so a header with commas, quotes or spaces in its credentials never reaches the verifier
_BEARER: Final = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*)")


class BearerGuard(SecurityBase):
    """A dependency that answers who calls, by the request's bearer token; subclasses say who that may be.

    One dependency from the header to the caller: FastAPI takes as long to go a level deeper as the check itself takes.
    """

    def __init__(self, name: str, description: str) -> None:
        self.scheme_name = name
        self.model = HTTPBearerModel(description=description, bearerFormat="JWT")

    async def __call__(self, request: Request) -> Any:
        """The caller. Raises InvalidToken (401)."""
        raise NotImplementedError


def bearer_token(request: Request) -> str:
    """The bearer token. Raises InvalidToken where there is not exactly one."""
    values = [value for name, value in request.scope["headers"] if name == b"authorization"]
    match = _BEARER.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise InvalidToken
    return match[1].decode("ascii")
