"""The Lua functions of kong.yml, run: what they drop, what they refuse, and what they say."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.functions import IDENTITY, PROBLEM_BODY, PROBLEM_HEADERS, identity_prefixes, problems
from gateway.tests.lua import Exchange

HEAD = {"typ": "JWT", "alg": "RS256", "kid": "20261126-e57f7987"}
CLAIMS = {
    "iss": "softfactory",
    "aud": "softfactory-api",
    "sub": "7",
    "sid": "s",
    "role": "user",
    "exp": 1796013599,
}


def part(value: Any) -> str:
    """A part of a token; bytes and text as they are, anything else as JSON."""
    if not isinstance(value, str | bytes):
        value = json.dumps(value, separators=(",", ":"))
    text = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def passed(authorization: str | list[str]) -> Exchange:
    return Exchange({"authorization": authorization}).run(IDENTITY)


def token(head: Any = HEAD, claims: Any = CLAIMS) -> str:
    return f"Bearer {part(head)}.{part(claims)}.c2ln"


def test_a_token_of_ours_stays_and_names_its_user_for_the_limits() -> None:
    exchange = passed(token())
    assert exchange.headers == {"authorization": token(), "x-ratelimit-subject": "7"}
    assert exchange.exited is None


ODD = [5, 1.5, [], {}, ["a"], {"a": 1}, None, True, False, "", "ké", 'a"b', "a\\b", "a\nb"]


@pytest.mark.parametrize("kid", ODD, ids=repr)
def test_a_kid_that_the_jwt_plugin_could_not_look_up_is_dropped_with_its_token(kid: Any) -> None:
    assert "authorization" not in passed(token({**HEAD, "kid": kid})).headers
    assert "authorization" not in passed(token(claims={**CLAIMS, "kid": kid})).headers


@pytest.mark.parametrize(
    "text", ["5", "null", "true", "[]", '"kid"', "", "x", " ", "{", b"\xff\xfe"], ids=repr
)
def test_a_part_that_is_no_object_is_dropped(text: str | bytes) -> None:
    for authorization in (token(head=text), token(claims=text)):
        if text == "{":  # the plugin reads it itself, and refuses it
            continue
        assert "authorization" not in passed(authorization).headers


@pytest.mark.parametrize(
    ("head", "claims"),
    [
        ('{"alg":"RS256","\\u006bid":5,"kid":"a"}', CLAIMS),
        ('{"alg":"RS256","kid":"a","kid":5}', CLAIMS),
        ('{"alg":"RS256","kid":"a" ,"kid":5}', CLAIMS),
        (HEAD, '{"sub":"7","k\\u0069d":null}'),
        (HEAD, '{"kid":"a","kid":5}'),
        ('{"alg":"RS256"}', CLAIMS),
        ('{"a":"kid","kid":5}', CLAIMS),
        ('{"kid":"a\\"","kid":5}', CLAIMS),
    ],
)
def test_no_spelling_brings_another_kid_past_the_look(head: Any, claims: Any) -> None:
    assert "authorization" not in passed(token(head, claims)).headers


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("kid"), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(head=JSON, claims=JSON, plain=st.booleans(), kid=st.booleans())
def test_what_passes_is_what_the_jwt_plugin_can_read(head: Any, claims: Any, plain: bool, kid: bool) -> None:
    if kid and isinstance(head, dict):
        head = {**head, "kid": "a"}
    parts = [json.dumps(value, ensure_ascii=not plain).encode(errors="replace") for value in (head, claims)]
    exchange = passed(token(*parts))
    if "authorization" in exchange.headers:
        assert isinstance(head, dict)
        assert isinstance(claims, dict)
        assert isinstance(head["kid"], str)
        assert "kid" not in claims


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer x", "Bearer a.b.c", "Bearer a.b", "bearer ..", "Basic x Bearer y"]
)
def test_what_is_no_token_is_dropped_or_left_to_the_jwt_plugin(value: str) -> None:
    exchange = passed(value)
    assert exchange.headers in ({}, {"authorization": value})
    assert exchange.exited is None


@pytest.mark.parametrize("value", [["Bearer a", "Bearer b"], "Bearer a,Bearer b", f"{token()},{token()}"])
def test_two_credentials_are_refused(value: str | list[str]) -> None:
    assert passed(value).exited == 400


def test_headers_that_claim_an_identity_are_dropped() -> None:
    names = [f"{prefix}x" for prefix in identity_prefixes()] + ["X_User_Id"]
    kept = {"x-forwarded-for": "1", "accept": "a", "x-request-id": "r-1"}
    assert (
        Exchange({**dict.fromkeys(names, "me"), **kept}).run(IDENTITY).headers.keys() - {"X_User_Id"}
        == kept.keys()
    )


@pytest.mark.parametrize("request_id", ["a b", 'a"b', "é", "x" * 129, "", ["a", "b"]])
def test_a_request_id_that_the_services_would_not_take_is_dropped(request_id: str | list[str]) -> None:
    assert Exchange({"x-request-id": request_id}).run(IDENTITY).headers == {}


def failed(status: int, request_id: str | None = "r-1") -> Exchange:
    headers = {"content-type": "text/html", "content-length": "5"} | (
        {"x-request-id": request_id} if request_id else {}
    )
    exchange = Exchange(status=status, answer_headers=headers, body="<html>")
    return exchange.run(PROBLEM_HEADERS).run(PROBLEM_BODY)


KONGS_OWN = [
    400,
    401,
    403,
    404,
    405,
    408,
    411,
    412,
    413,
    414,
    417,
    421,
    426,
    429,
    431,
    500,
    501,
    502,
    503,
    504,
    505,
]
NEW_NAMES = {413: "Content Too Large", 414: "URI Too Long"}  # RFC 9110


@pytest.mark.parametrize("status", KONGS_OWN)
def test_an_error_of_the_gateway_has_its_own_title(status: int) -> None:
    exchange = failed(status)
    body = json.loads(exchange.body or "")
    assert body["title"] == NEW_NAMES.get(status, HTTPStatus(status).phrase)
    assert body["status"] == status
    assert body["error"] == body["message"] == body["detail"] == problems()[status].detail
    assert body["request_id"] == "r-1"
    expected = {"content-type": "application/problem+json", "x-request-id": "r-1"}
    assert exchange.answer_headers == expected | ({"retry-after": "1"} if status == 503 else {})


@pytest.mark.parametrize("status", [402, 418, 422, 499, 507, 599])
def test_any_other_error_of_the_gateway_can_be_read_too(status: int) -> None:
    body = json.loads(failed(status).body or "")
    assert body["error"]
    assert body["code"] == ("bad_request" if status < 500 else "internal_error")


@pytest.mark.parametrize("request_id", ['a"b', "a\\b", "a\tb", "x y", "%s%d", "\x80\xff", "x" * 500])
def test_an_error_names_the_request_as_its_header_does(request_id: str) -> None:
    assert json.loads(failed(404, request_id).body or "")["request_id"] == request_id
    assert json.loads(failed(404, None).body or "")["request_id"] == ""


@pytest.mark.parametrize(
    ("status", "source"),
    [(200, "exit"), (404, "service"), (500, "service"), (503, "service"), (399, "exit")],
)
def test_other_answers_are_left_alone(status: int, source: str) -> None:
    exchange = Exchange(status=status, source=source, answer_headers={"content-type": "a"}, body="b")
    exchange.run(PROBLEM_HEADERS).run(PROBLEM_BODY)
    assert (exchange.body, exchange.answer_headers) == ("b", {"content-type": "a"})


@pytest.mark.parametrize(
    ("traceparent", "known"),
    [
        (f"00-{'ab' * 16}-{'cd' * 8}-01", {"trace_id": "ab" * 16}),
        (f'00-{"ab" * 8}"-1-01', {}),
        (["00-ab-cd-01", "00-ab-cd-01"], {}),
        ("", {}),
    ],
)
def test_an_error_names_the_trace_where_there_is_one(
    traceparent: str | list[str], known: dict[str, str]
) -> None:
    exchange = Exchange({"traceparent": traceparent}, status=503, body="<html>").run(PROBLEM_BODY)
    body = json.loads(exchange.body or "")
    assert {name: body[name] for name in ("trace_id",) if name in body} == known


def test_a_piece_of_an_error_that_is_not_the_last_is_waited_for() -> None:
    assert Exchange(status=404, body=None).run(PROBLEM_BODY).body is None
