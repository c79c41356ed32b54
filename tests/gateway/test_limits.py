"""How much one user, and one address, may ask for."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import yaml

from tests.gateway.conftest import Gateway
from tests.gateway.kong import RemoteGateway
from tests.gateway.local import from_address
from tests.gateway.tokens import Signer, new_key

CLOSED_PATH = "/api/sns/posts"


def exhaust(client: httpx.Client, method: str, path: str, at_most: int, **options: object) -> httpx.Response:
    """Asks until refused; the refusal. Kong's minute may turn in between, hence twice the limit."""
    for _ in range(2 * at_most + 1):
        answer = client.request(method, path, **options)  # type: ignore[arg-type]
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 200
    raise AssertionError(f"{path} was not limited after {2 * at_most + 1} requests")


def test_two_users_behind_one_address_are_told_apart(
    gateway: Gateway, signer: Signer, client: httpx.Client
) -> None:
    busy, quiet = signer.headers(), signer.headers()
    exhaust(client, "GET", CLOSED_PATH, gateway.user_limit, headers=busy)
    assert client.get(CLOSED_PATH, headers=quiet).status_code == 200


def test_a_user_is_the_same_behind_two_addresses_and_with_two_tokens(
    gateway: Gateway, signer: Signer
) -> None:
    with from_address(gateway.url, "127.0.0.21") as first, from_address(gateway.url, "127.0.0.22") as second:
        exhaust(first, "GET", CLOSED_PATH, gateway.user_limit, headers=signer.headers(subject="two-devices"))
        again = second.get(CLOSED_PATH, headers=signer.headers(subject="two-devices", lives=600))
        assert again.status_code == 429


def test_a_refusal_says_when_to_come_back(gateway: Gateway, signer: Signer, client: httpx.Client) -> None:
    answer = exhaust(client, "GET", CLOSED_PATH, gateway.user_limit, headers=signer.headers())
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert int(answer.headers["ratelimit-limit"]) == gateway.user_limit
    assert int(answer.headers["ratelimit-remaining"]) == 0
    assert int(answer.headers["x-ratelimit-limit-minute"]) == gateway.user_limit
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too_many_requests"
    assert isinstance(answer.json()["error"], str)
    assert answer.json()["message"] == answer.json()["error"]


def test_an_answer_tells_what_is_left(gateway: Gateway, signer: Signer, client: httpx.Client) -> None:
    headers = signer.headers()
    first, second = (client.get(CLOSED_PATH, headers=headers) for _ in range(2))
    assert int(first.headers["ratelimit-limit"]) == gateway.user_limit
    assert int(second.headers["ratelimit-remaining"]) < int(first.headers["ratelimit-remaining"])


@pytest.mark.parametrize(
    ("path", "address"), [("/api/auth/login", "127.0.0.31"), ("/api/auth/register", "127.0.0.32")]
)
def test_login_and_registration_are_limited_by_address(gateway: Gateway, path: str, address: str) -> None:
    with from_address(gateway.url, address) as guesser, from_address(gateway.url, "127.0.0.33") as other:
        exhaust(guesser, "POST", path, gateway.login_limit)
        assert guesser.get("/api/platform/products").status_code == 200
        assert other.post(path).status_code == 200


def test_a_made_up_address_or_token_buys_no_more_logins(gateway: Gateway, signer: Signer) -> None:
    with from_address(gateway.url, "127.0.0.34") as guesser:
        exhaust(guesser, "POST", "/api/auth/login", gateway.login_limit)
        for number in range(3):
            headers = {
                **signer.headers(),
                "X-Forwarded-For": f"203.0.113.{number}",
                "X-Real-IP": f"203.0.113.{number}",
            }
            assert guesser.post("/api/auth/login", headers=headers).status_code == 429


def test_a_client_cannot_name_its_own_limit(gateway: Gateway, signer: Signer, client: httpx.Client) -> None:
    headers = signer.headers()
    exhaust(client, "GET", CLOSED_PATH, gateway.user_limit, headers=headers)
    forged = {**headers, "X-RateLimit-Subject": "somebody-else", "X-User-Id": "somebody-else"}
    assert client.get(CLOSED_PATH, headers=forged).status_code == 429


def test_a_limit_of_one_service_leaves_the_others_alone(
    gateway: Gateway, signer: Signer, client: httpx.Client
) -> None:
    headers = signer.headers()
    exhaust(client, "GET", CLOSED_PATH, gateway.user_limit, headers=headers)
    assert client.get("/api/coocook/bookings", headers=headers).status_code == 200


def test_a_gateway_that_somebody_else_runs_is_told_its_redis(tmp_path: Path) -> None:
    signer, redis = Signer({"a": new_key()}), "redis://127.0.0.1:6390/3"
    remote = RemoteGateway(
        tmp_path, signer, address="http://gateway", file=tmp_path / "kong.yml", redis=redis
    )
    remote.render()
    services = yaml.safe_load(remote.config.read_text())["services"]
    plugins = [plugin["config"] for service in services for plugin in service.get("plugins", [])]
    counting = [config["redis"] for config in plugins if "redis" in config]
    assert {(at["host"], at["port"], at["database"]) for at in counting} == {("127.0.0.1", 6390, 3)}
