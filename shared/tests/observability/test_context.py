from __future__ import annotations

import re

import pytest

from shared.observability import context

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_trace_is_continued_with_a_span_of_our_own() -> None:
    started = context.start(request_id="r", traceparent=f"00-{TRACE}-{SPAN}-01")
    assert (started.request_id, started.trace_id, started.flags) == ("r", TRACE, "01")
    assert started.span_id != SPAN
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", started.traceparent)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
    ],
)
def test_a_header_that_is_not_one_starts_a_trace(header: str | None) -> None:
    started = context.start(traceparent=header)
    assert re.fullmatch("[0-9a-f]{32}", started.trace_id)
    assert started.trace_id != TRACE
    assert started.flags == "00"


def test_a_later_version_may_say_more() -> None:
    assert context.start(traceparent=f"01-{TRACE}-{SPAN}-01-more").trace_id == TRACE


def test_outside_of_any_request_there_are_no_ids() -> None:
    context.set_user(7)
    assert (context.request_id(), context.trace_id(), context.traceparent()) == (None, None, None)


def test_inside_of_one_its_ids_are_found() -> None:
    started = context.start(request_id="r1")
    token = context.current.set(started)
    context.set_user(7)
    assert (context.request_id(), context.trace_id()) == ("r1", started.trace_id)
    assert (context.traceparent(), started.user_id) == (started.traceparent, 7)
    context.current.reset(token)
