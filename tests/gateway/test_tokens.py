"""Which tokens pass where one is needed, and that nothing else does."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from tests.gateway.raw import send
from tests.gateway.tokens import Signer, new_key

CLOSED_PATH = "/api/coocook/bookings"


def refused(answer: httpx.Response) -> bool:
    """401 in the form that clients show."""
    body = answer.json()
    return (
        answer.status_code == 401
        and isinstance(body["error"], str)
        and body["message"] == body["error"]
        and body["code"] == "unauthenticated"
        and answer.headers["content-type"] == "application/problem+json"
    )


def test_a_good_token_passes_and_reaches_the_service(client: httpx.Client, signer: Signer) -> None:
    headers = signer.headers()
    answer = client.get(CLOSED_PATH, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["headers"]["authorization"] == headers["Authorization"]


def test_every_rendered_key_is_accepted(client: httpx.Client, signer: Signer) -> None:
    assert len(signer.keys) > 1
    for kid in signer.keys:
        assert client.get(CLOSED_PATH, headers=signer.headers(kid=kid)).status_code == 200


def test_the_scheme_may_be_spelled_small(client: httpx.Client, signer: Signer) -> None:
    answer = client.get(CLOSED_PATH, headers={"Authorization": f"bearer {signer.token()}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic dTpw", "Bearer " + "x" * 9000]
)
def test_what_is_no_token_is_refused(client: httpx.Client, value: str) -> None:
    assert refused(client.get(CLOSED_PATH, headers={"Authorization": value}))


def test_a_token_of_a_foreign_key_is_refused(client: httpx.Client, signer: Signer) -> None:
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(key=new_key())))


def test_a_token_that_names_the_other_key_is_refused(client: httpx.Client, signer: Signer) -> None:
    first, second = list(signer.keys)[:2]
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(kid=first, key=signer.keys[second])))


def test_an_unknown_kid_is_refused(client: httpx.Client, signer: Signer) -> None:
    key = next(iter(signer.keys.values()))
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(kid="unknown", key=key)))


def test_a_token_without_kid_is_refused(client: httpx.Client, signer: Signer) -> None:
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(without_kid=True)))


def test_an_expired_token_is_refused(client: httpx.Client, signer: Signer) -> None:
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(lives=-10)))


def test_a_token_that_never_expires_is_refused(client: httpx.Client, signer: Signer) -> None:
    assert refused(client.get(CLOSED_PATH, headers=signer.headers(lives=None)))


def test_a_token_whose_claims_were_changed_is_refused(client: httpx.Client, signer: Signer) -> None:
    head, _, signature = signer.token(subject="7").split(".")
    claims = signer.token(subject="8").split(".")[1]
    assert refused(client.get(CLOSED_PATH, headers={"Authorization": f"Bearer {head}.{claims}.{signature}"}))


def test_hs256_keyed_with_the_public_key_is_refused(client: httpx.Client, signer: Signer) -> None:
    headers = {"Authorization": f"Bearer {signer.signed_with_the_public_key()}"}
    assert refused(client.get(CLOSED_PATH, headers=headers))


def test_an_unsigned_token_is_refused(client: httpx.Client, signer: Signer) -> None:
    assert refused(client.get(CLOSED_PATH, headers={"Authorization": f"Bearer {signer.unsigned()}"}))


@pytest.mark.parametrize("name", ["jwt", "access_token", "token", "authorization"])
def test_a_token_in_the_query_or_a_cookie_is_refused(client: httpx.Client, signer: Signer, name: str) -> None:
    assert refused(client.get(CLOSED_PATH, params={name: signer.token()}))
    assert refused(client.get(CLOSED_PATH, headers={"Cookie": f"{name}={signer.token()}"}))


def test_a_bad_token_does_not_close_a_public_page(client: httpx.Client) -> None:
    assert client.get("/api/coocook/chefs", headers={"Authorization": "Bearer x"}).status_code == 200


def part(text: str) -> str:
    """A token's part."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


CLAIMS = '{"sub":"7","exp":4000000000}'
ODD_HEADS = [f'{{"alg":"RS256","kid":{kid}}}' for kid in ("5", "[]", "{}", "null", "true", '["a"]', '"a b"')]


@pytest.mark.parametrize(
    "head", [*ODD_HEADS, "5", "null", "true", "[]", '"kid"', "", '{"alg":"RS256"', '{"kid":5}']
)
def test_a_head_of_another_form_is_refused(client: httpx.Client, head: str) -> None:
    token = f"{part(head)}.{part(CLAIMS)}.c2ln"
    assert refused(client.get(CLOSED_PATH, headers={"Authorization": f"Bearer {token}"}))


@pytest.mark.parametrize("claims", ["5", "null", "true", "[]", '"kid"', "", '{"kid":5}', '{"k\\u0069d":[]}'])
def test_claims_of_another_form_are_refused(client: httpx.Client, signer: Signer, claims: str) -> None:
    head = signer.token().split(".")[0]
    authorization = f"Bearer {head}.{part(claims)}.c2ln"
    assert refused(client.get(CLOSED_PATH, headers={"Authorization": authorization}))
    assert client.get("/api/coocook/chefs", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize("path", [CLOSED_PATH, "/api/coocook/chefs"])
def test_two_tokens_are_a_mistake_of_the_client(gateway_url: str, signer: Signer, path: str) -> None:
    token = ("Authorization", signer.headers()["Authorization"])
    for headers in ([token, token], [("Authorization", f"{token[1]},{token[1]}")]):
        answer = send(gateway_url, "GET", path, headers)
        assert answer.status == 400
        assert isinstance(json.loads(answer.body)["error"], str)
