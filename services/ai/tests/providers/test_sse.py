"""Server-sent events, byte for byte."""

from __future__ import annotations

import pytest

from ai_service.providers.sse import EventDecoder, EventTooLong


def decode(*chunks: bytes, max_event: int = 1000) -> list[str]:
    decoder = EventDecoder(max_event=max_event)
    return [data for chunk in chunks for data in decoder.feed(chunk)]


@pytest.mark.parametrize(
    "separator",
    ["\N{LINE SEPARATOR}", "\N{PARAGRAPH SEPARATOR}", "\N{NEXT LINE}", "\x0b", "\x0c", "\x1c", "\x1e"],
)
def test_only_cr_and_lf_end_a_line(separator: str) -> None:
    assert decode(f'data: "a{separator}b"\n\n'.encode()) == [f'"a{separator}b"']


STREAM = (
    "\ufeffdata: 안녕\r\n\r\n: a comment\r\n\nevent: x\rid: 1\rdata:first\rdata:  second\r\r"
    "data\ndata:\n\ndatabase: no\n\ndata: \U0001f600\N{LINE SEPARATOR}\r\n\ndata: cut off\n"
)
EVENTS = ["안녕", "first\n second", "\n", "\U0001f600\N{LINE SEPARATOR}"]


def test_a_stream_is_read_as_the_standard_says() -> None:
    assert decode(STREAM.encode()) == EVENTS


def test_where_the_network_cuts_a_stream_changes_nothing() -> None:
    """Within CR LF and within a character too."""
    stream = STREAM.encode()
    for cut in range(len(stream) + 1):
        assert decode(stream[:cut], stream[cut:]) == EVENTS
    assert decode(*(stream[at : at + 1] for at in range(len(stream)))) == EVENTS


@pytest.mark.parametrize("chunk", [b"data: xxxx", b"data: xxxx\n", b": xxxxxxx"])
def test_no_event_grows_without_end(chunk: bytes) -> None:
    with pytest.raises(EventTooLong):
        decode(*[chunk] * 50, max_event=100)


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    assert decode(b"data: a\xff\n\n") == ["a\N{REPLACEMENT CHARACTER}"]
