from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from time import thread_time
from typing import Any

import pytest

from shared.observability import context
from shared.observability.logging import JsonFormatter, as_line, configure, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def formatted(message: str, *args: object, **extra: Any) -> dict[str, Any]:
    record = logging.getLogger("test").makeRecord(
        "test", logging.INFO, "f", 1, message, args, None, extra=extra
    )
    line: dict[str, Any] = json.loads(JsonFormatter("sample").format(record))
    return line


def test_a_line_says_when_where_and_what() -> None:
    line = formatted("booked %s", 7, chef_id=3)
    assert (line["service"], line["logger"], line["level"], line["message"]) == (
        "sample",
        "test",
        "INFO",
        "booked 7",
    )
    assert line["chef_id"] == 3
    assert line["time"].endswith("Z")


def test_a_line_of_a_request_has_its_ids() -> None:
    started = context.start(request_id="r1")
    token = context.current.set(started)
    line = formatted("x")
    context.current.reset(token)
    assert (line["request_id"], line["trace_id"]) == ("r1", started.trace_id)


def test_a_line_of_no_request_has_the_trace_id_of_its_process() -> None:
    formatter = JsonFormatter("sample")
    record = logging.LogRecord("test", logging.INFO, "f", 1, "worker: runs relay", (), None)
    first, second = (json.loads(formatter.format(record)) for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first["trace_id"])
    assert first["trace_id"] == second["trace_id"]
    assert "request_id" not in first


@pytest.mark.parametrize(
    "text",
    [
        f"token {JWT} was refused",
        "Authorization: Bearer abcdefghijkl",
        "postgresql://coocook:hunter22@localhost:5432/coocook",
        "redis://:hunter22@localhost",
        "key sk_live_hunter22 and whsec_hunter22",
        "model key sk-ant-hunter22-x",
        'body {"password": "hunter22", "name": "x"}',
        "password=hunter22&x=1",
        "{'refresh_token': 'hunter22'}",
        "API_KEY: hunter22",
        f"key-{JWT}",
        f"eyJab.{JWT}",
        f"x-eyJ {JWT} eyJ",
    ],
)
def test_secrets_are_blotted_out(text: str) -> None:
    shown = redact(text)
    assert "hunter22" not in shown
    assert "abcdefghijkl" not in shown
    assert JWT not in shown
    assert "[" in shown


@pytest.mark.parametrize(
    "part", ["-eyJ", "eyJaaaaa-", "eyJaaaaa.", "token", "password='", "Bearer ", "://a:"]
)
def test_what_a_stranger_says_is_searched_for_secrets_in_no_time(part: str) -> None:
    started = thread_time()
    redact(part * (40_000 // len(part)))
    assert thread_time() - started < 0.1


def test_ordinary_text_stays() -> None:
    text = "booking 7 of chef 3 at 2031-01-31T10:00 costs 120.00 USD; see https://example.com/a?b=c"
    assert redact(text) == text


def test_extras_with_secret_names_are_blotted_out() -> None:
    line = formatted("x", password="hunter22", stripe_secret_key="hunter22", note="Bearer hunter22x")
    assert "hunter22" not in json.dumps(line)


def test_an_exception_is_one_line_without_secrets() -> None:
    try:
        raise ValueError("password=hunter22")
    except ValueError as error:
        record = logging.LogRecord("test", logging.ERROR, "f", 1, "failed", (), (type(error), error, None))
    line = JsonFormatter("sample").format(record)
    assert "\n" not in line
    assert "ValueError" in json.loads(line)["exception"]
    assert "hunter22" not in line


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1: "\udfff"}])
def test_what_has_no_json_form_is_written_all_the_same(value: object) -> None:
    assert json.loads(as_line({"a": value}))["a"]


@pytest.fixture
def _root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.mark.usefixtures("_root")
def test_the_level_decides_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("sample", "WARNING")
    logging.getLogger("any").info("quiet")
    logging.getLogger("any").warning("loud")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["message"] == "loud"
