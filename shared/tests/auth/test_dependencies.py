"""Who may call an endpoint, asked over HTTP: 401 is always the same answer."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey

from shared.auth.dependencies import AdminUser, CurrentUser, ServiceGuard, requires_subscription
from shared.auth.entitlement_table import Entitlement
from shared.auth.service_tokens import ServiceTokenVerifier, issue_service_token
from shared.auth.tokens import Principal, TokenSigner, TokenVerifier
from shared.errors import ServiceError
from shared.web.problems import of_service_error
from shared.web.routes import undeclared_routes

Forge = Callable[..., str]
SECRET = "a secret of forty characters, or so it was"


class Subscribed:
    """Entitlements where user 7 has coocook."""

    async def check(self, user_id: int, product: str) -> Entitlement | None:
        return (
            Entitlement(7, "coocook", True, None, None, 1) if (user_id, product) == (7, "coocook") else None
        )


@pytest.fixture
def app(verifier: TokenVerifier) -> FastAPI:
    app = FastAPI()
    app.state.runtime = SimpleNamespace(verifier=verifier)
    app.state.entitlements = Subscribed()
    app.state.service_tokens = ServiceTokenVerifier("platform", {"coocook": SECRET, "sns": SECRET[::-1]})
    app.add_exception_handler(ServiceError, lambda _, error: of_service_error(error))

    @app.get("/me")
    async def me(user: CurrentUser) -> int:
        return user.user_id

    @app.get("/admin")
    async def admin(user: AdminUser) -> int:
        return user.user_id

    @app.get("/chefs")
    async def chefs(user: Annotated[Principal, Depends(requires_subscription("coocook"))]) -> int:
        return user.user_id

    @app.get("/internal")
    async def internal(caller: Annotated[str, Depends(ServiceGuard("things", {"coocook"}))]) -> str:
        return caller

    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_user_a_subscriber_and_an_admin_come_in(
    client: httpx.AsyncClient, signer: TokenSigner
) -> None:
    user = bearer(signer.sign(user_id=7, session_id="s", role="user"))
    admin = bearer(signer.sign(user_id=8, session_id="s", role="admin"))
    assert (await client.get("/me", headers=user)).json() == 7
    assert (await client.get("/chefs", headers=user)).json() == 7
    assert (await client.get("/admin", headers=admin)).json() == 8


async def test_a_user_is_no_admin_and_an_admin_needs_a_subscription(
    client: httpx.AsyncClient, signer: TokenSigner
) -> None:
    refused = await client.get("/admin", headers=bearer(signer.sign(user_id=7, session_id="s", role="user")))
    assert (refused.status_code, refused.json()["code"]) == (403, "admin_required")
    refused = await client.get("/chefs", headers=bearer(signer.sign(user_id=8, session_id="s", role="admin")))
    assert (refused.status_code, refused.json()["code"]) == (403, "subscription_required")
    assert refused.json()["product"] == "coocook"
    assert isinstance(refused.json()["error"], str)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["Bearer"],
        ["Bearer "],
        ["Basic {good}"],
        ["{good}"],
        ["Bearer {good}, Bearer {good}"],
        ["Bearer {good} x"],
        ['Bearer "{good}"'],
        ["Bearer\t{good}"],
        ["Bearer {good}", "Bearer {good}"],
        ["Bearer rubbish", "Bearer {good}"],
        ["Bearer {expired}"],
        ["Bearer \xe9\xe9\xe9"],
    ],
    ids=str,
)
async def test_every_401_is_the_same(
    client: httpx.AsyncClient, signer: TokenSigner, forge: Forge, values: list[str]
) -> None:
    good = signer.sign(user_id=7, session_id="s", role="user")
    tokens = {"good": good, "expired": forge(iat=1000, exp=2000)}
    headers = [(b"Authorization", value.format(**tokens).encode("latin-1")) for value in values]
    answer = await client.get("/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"] == "A valid access token is required."


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_read_as_the_standard_says(
    client: httpx.AsyncClient, signer: TokenSigner, scheme: str
) -> None:
    token = signer.sign(user_id=7, session_id="s", role="user")
    assert (await client.get("/me", headers={"Authorization": f"{scheme} {token}"})).status_code == 200


async def test_a_token_in_the_query_counts_for_nothing(
    client: httpx.AsyncClient, signer: TokenSigner
) -> None:
    token = signer.sign(user_id=7, session_id="s", role="user")
    assert (await client.get("/me", params={"jwt": token, "access_token": token})).status_code == 401


async def test_identity_headers_count_for_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/me", headers={"X-User-Id": "7", "X-Consumer-Username": "7", "X-User-Role": "admin"}
    )
    assert answer.status_code == 401


async def test_another_service_comes_in_with_its_own_secret(client: httpx.AsyncClient) -> None:
    token = issue_service_token(caller="coocook", target="platform", secret=SECRET, scope="things")
    assert (await client.get("/internal", headers=bearer(token))).json() == "coocook"


@pytest.mark.parametrize(
    "token",
    [
        {"caller": "coocook", "target": "platform", "secret": SECRET + "!"},
        {"caller": "coocook", "target": "platform", "secret": SECRET[::-1]},
        {"caller": "review", "target": "platform", "secret": SECRET},
        {"caller": "coocook", "target": "sns", "secret": SECRET},
        {"caller": "coocook", "target": "platform", "secret": SECRET, "now": 1000},
        {"caller": "coocook", "target": "platform", "secret": SECRET, "now": 9_999_999_999},
    ],
    ids=["other secret", "another's secret", "unknown caller", "other target", "expired", "from the future"],
)
async def test_a_wrong_service_token_is_refused(client: httpx.AsyncClient, token: dict[str, object]) -> None:
    answer = await client.get("/internal", headers=bearer(issue_service_token(scope="things", **token)))  # type: ignore[arg-type]
    assert answer.status_code == 401


async def test_a_service_cannot_speak_for_another(client: httpx.AsyncClient) -> None:
    now = int(time.time())
    claims = {"iss": "sns", "aud": "platform", "iat": now, "exp": now + 60}
    token = jwt.encode({"alg": "HS256", "kid": "coocook"}, claims, OctKey.import_key(SECRET))
    assert (await client.get("/internal", headers=bearer(token))).status_code == 401


@pytest.mark.parametrize("lifetime", [61, 10**9, 0, -60])
async def test_a_service_token_lives_a_minute_at_most(client: httpx.AsyncClient, lifetime: int) -> None:
    now = int(time.time())
    claims = {"iss": "coocook", "aud": "platform", "iat": now, "exp": now + lifetime}
    token = jwt.encode({"alg": "HS256", "kid": "coocook"}, claims, OctKey.import_key(SECRET))
    assert (await client.get("/internal", headers=bearer(token))).status_code == 401


async def test_users_and_services_do_not_pass_for_each_other(
    client: httpx.AsyncClient, signer: TokenSigner
) -> None:
    user = signer.sign(user_id=7, session_id="s", role="admin")
    service = issue_service_token(caller="coocook", target="platform", secret=SECRET, scope="things")
    assert (await client.get("/internal", headers=bearer(user))).status_code == 401
    assert (await client.get("/me", headers=bearer(service))).status_code == 401


def test_short_service_secrets_are_refused_at_start() -> None:
    with pytest.raises(ValueError, match="coocook"):
        ServiceTokenVerifier("platform", {"coocook": "short", "sns": SECRET})


def test_these_dependencies_declare_who_may_call(app: FastAPI) -> None:
    assert undeclared_routes(app) == []
