"""Access tokens of the fake networks: who has one, how it is refreshed, and how it ends.

Every token is good but `wrong` and those that a test let expire; every refresh token but `revoked...` and, at TikTok
and X, those that were spent. The client is `client` with `secret`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.networks.state import State

CLIENT, SECRET = "client", "secret"
Endpoint = Callable[[Request], Awaitable[Response]]


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a URL-encoded body."""
    return dict(parse_qsl((await request.body()).decode()))


def bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def is_good(state: State, token: str) -> bool:
    return bool(token) and token != "wrong" and token not in state.expired


def with_token(state: State, rejection: Callable[[], Response]) -> Callable[[Endpoint], Endpoint]:
    """Lets an endpoint answer who has a token that is good."""

    def wrap(endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            return await endpoint(request) if is_good(state, bearer(request)) else rejection()

        return checked

    return wrap


def _complaint(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description, "log_id": "1"}, status)


def _withdrawn(token: str) -> Response:
    """It repeats the token, which nobody may read."""
    return _complaint(400, "invalid_grant", f"The refresh token {token} has been expired or revoked.")


class OAuth:
    """The token endpoints of Google, which leaves a refresh token as it is, and of TikTok and X, which replace it."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def google(self, request: Request) -> Response:
        form = await form_of(request)
        if refused := self._refusal(form, "client_id"):
            return refused
        return JSONResponse(self._access(form["refresh_token"]) | {"scope": "youtube.upload"})

    async def tiktok(self, request: Request) -> Response:
        form = await form_of(request)
        if refused := self._refusal(form, "client_key"):
            return refused
        spent = form["refresh_token"]
        if spent in self._state.spent:
            return _withdrawn(spent)
        self._state.spent.add(spent)
        fresh = {"refresh_token": f"refresh-{self._state.new_id()}", "refresh_expires_in": 31536000}
        return JSONResponse(self._access(spent) | fresh | {"open_id": "o", "scope": "video.publish"})

    async def x(self, request: Request) -> Response:
        """A confidential client says who it is by its header; what X says of a spent token has no name of its own."""
        form = await form_of(request)
        expected = b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return _complaint(401, "unauthorized_client", "Missing valid authorization header")
        if (form.get("grant_type"), form.get("client_id")) != ("refresh_token", CLIENT):
            return _complaint(400, "invalid_request", "Missing required parameter [grant_type or client_id].")
        spent = form.get("refresh_token", "")
        if not spent or spent.startswith("revoked") or spent in self._state.spent:
            return _complaint(400, "invalid_request", "Value passed for the token was invalid.")
        self._state.spent.add(spent)
        fresh = {"refresh_token": f"refresh-{self._state.new_id()}", "scope": "tweet.write offline.access"}
        return JSONResponse(self._access(spent) | fresh)

    async def instagram(self, request: Request) -> Response:
        """The token itself is spent, and stays good."""
        token = request.query_params.get("access_token", "")
        if request.query_params.get("grant_type") != "ig_refresh_token" or not is_good(self._state, token):
            error = {"message": "Error validating access token", "type": "OAuthException", "code": 190}
            return JSONResponse({"error": error}, 400)
        return JSONResponse(self._access(token))

    def _refusal(self, form: dict[str, str], client: str) -> Response | None:
        if (form.get(client), form.get("client_secret")) != (CLIENT, SECRET):
            return _complaint(401, "invalid_client", "The OAuth client was not found.")
        if form.get("grant_type") != "refresh_token":
            return _complaint(400, "unsupported_grant_type", "Invalid grant_type")
        token = form.get("refresh_token", "")
        return _withdrawn(token) if not token or token.startswith("revoked") else None

    def _access(self, by: str) -> dict[str, object]:
        token = f"access-{self._state.new_id()}"
        self._state.renewals.append({"by": by, "access_token": token})
        return {"access_token": token, "token_type": "bearer", "expires_in": self._state.expires_in}

    def routes(self) -> dict[str, list[Route]]:
        """By network."""
        return {
            "youtube": [Route("/token", self.google, methods=["POST"])],
            "tiktok": [Route("/v2/oauth/token/", self.tiktok, methods=["POST"])],
            "twitter": [Route("/2/oauth2/token", self.x, methods=["POST"])],
            "instagram": [Route("/refresh_access_token", self.instagram)],
        }
