"""What providers send besides the usual: thinking, refusals, ends that come early, counts that do not come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ai_service.providers.errors import ProviderBusy, ProviderRefused
from ai_service.providers.openai import dialect_of
from ai_service.providers.provider import Meter, Reply, Usage
from fakes.language_models import REASONER, Answer, ModelsServer
from services.ai.tests.providers.asking import EXPECTED, ask, open_anthropic, open_openai

TEXT = json.dumps({"title": "a\N{LINE SEPARATOR}b\N{PARAGRAPH SEPARATOR}c\N{NEXT LINE}d"}, ensure_ascii=False)


def anthropic(*events: dict[str, Any]) -> bytes:
    lines = [f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    return "".join(lines).encode()


def openai(*events: dict[str, Any]) -> bytes:
    lines = [f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


def delta(**changes: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": changes, "finish_reason": None}]}


def block(index: int, **changes: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": changes}


def usage(read: int, written: int) -> dict[str, Any]:
    return {"choices": [], "usage": {"prompt_tokens": read, "completion_tokens": written}}


FINISHED = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
START = {
    "type": "message_start",
    "message": {"id": "msg_1", "usage": {"input_tokens": 70, "output_tokens": 1}},
}
STOP = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
OVER = {"type": "message_stop"}


@pytest.mark.parametrize("name", ["anthropic", "openai"])
async def test_separators_of_unicode_are_part_of_the_reply(name: str, models: ModelsServer) -> None:
    streams = {
        "anthropic": anthropic(START, block(0, type="input_json_delta", partial_json=TEXT), STOP, OVER),
        "openai": openai(delta(content=TEXT), FINISHED, usage(70, 9)),
    }
    stream = streams[name]
    models.order(Answer(raw=tuple(stream[at : at + 7] for at in range(0, len(stream), 7))))
    meter = Meter(EXPECTED)
    provider = open_anthropic(models) if name == "anthropic" else open_openai(models)
    assert await ask(provider, meter) == (Reply(TEXT), TEXT)
    assert meter.usage == Usage(70, 9)


@pytest.mark.parametrize(
    ("stream", "reply", "counted"),
    [
        pytest.param(
            (
                block(0, type="thinking_delta", thinking="Hm {"),
                block(0, type="signature_delta", signature="x"),
                {"type": "ping"},
                {"type": "something_new", "usage": 3},
                block(1, type="text_delta", text="Here: "),
                block(2, type="input_json_delta", partial_json='{"a":'),
                block(2, type="input_json_delta", partial_json="1}"),
                block(3, type="input_json_delta", partial_json='{"a":2}'),
                STOP,
                OVER,
            ),
            Reply('{"a":1}'),
            Usage(70, 9),
            id="thinking, then a tool",
        ),
        pytest.param(
            (block(0, type="text_delta", text='{"a":1}'), STOP, OVER),
            Reply('{"a":1}'),
            Usage(70, 9),
            id="text in place of a tool",
        ),
        pytest.param(
            ({**STOP, "delta": {"stop_reason": "refusal"}}, OVER),
            Reply("", "refused"),
            Usage(70, 9),
            id="refusal",
        ),
        pytest.param(
            ({**STOP, "delta": {"stop_reason": "max_tokens"}}, OVER),
            Reply("", "truncated"),
            Usage(70, 9),
            id="cut",
        ),
        pytest.param(
            (block(0, type="text_delta", text="x" * 30), {**STOP, "usage": {"output_tokens": 0}}, OVER),
            Reply("x" * 30),
            Usage(70, 10, estimated=True),
            id="a count of nothing",
        ),
        pytest.param(
            (block(0, type="text_delta", text="x"), STOP), Reply("x"), Usage(70, 9), id="no message_stop"
        ),
    ],
)
async def test_what_anthropic_may_send(
    models: ModelsServer, stream: tuple[dict[str, Any], ...], reply: Reply, counted: Usage
) -> None:
    models.order(Answer(raw=(anthropic(START, *stream),)))
    meter = Meter(EXPECTED)
    found, shown = await ask(open_anthropic(models), meter)
    assert (found, meter.usage, shown) == (reply, counted, reply.text)


@pytest.mark.parametrize(
    ("stream", "reply", "counted"),
    [
        pytest.param(
            (delta(reasoning_content="Hm {" * 10), delta(content='{"a":1}'), FINISHED),
            Reply('{"a":1}'),
            Usage(EXPECTED, 16, estimated=True),
            id="thinking beside, no count",
        ),
        pytest.param(
            (
                delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]),
                delta(content=[{"type": "text", "text": '{"a":1}'}]),
                FINISHED,
                usage(70, 9),
            ),
            Reply('{"a":1}'),
            Usage(70, 9),
            id="thinking as a part",
        ),
        pytest.param(
            (delta(refusal="I can't "), delta(refusal="do that."), FINISHED, usage(70, 9)),
            Reply("I can't do that.", "refused"),
            Usage(70, 9),
            id="refusal",
        ),
        pytest.param(
            ({"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]}, usage(70, 9)),
            Reply("", "refused"),
            Usage(70, 9),
            id="filtered",
        ),
        pytest.param(
            (
                {"choices": [{"index": 0, "delta": {"content": "{"}, "finish_reason": "length"}]},
                usage(70, 500),
            ),
            Reply("{", "truncated"),
            Usage(70, 500),
            id="cut",
        ),
        pytest.param(
            (delta(content="x" * 30), FINISHED, usage(True, -1)),
            Reply("x" * 30),
            Usage(EXPECTED, 10, estimated=True),
            id="counts that are none",
        ),
    ],
)
async def test_what_openai_may_send(
    models: ModelsServer, stream: tuple[dict[str, Any], ...], reply: Reply, counted: Usage
) -> None:
    models.order(Answer(raw=(openai(*stream),)))
    meter = Meter(EXPECTED)
    found, _ = await ask(open_openai(models), meter)
    assert (found, meter.usage) == (reply, counted)


async def test_a_reply_that_is_there_is_not_lost_with_the_end_of_its_stream(models: ModelsServer) -> None:
    whole = openai(delta(content="x" * 30), FINISHED).removesuffix(b"data: [DONE]\n\n")
    models.order(Answer(raw=(whole, b"never sent"), cut=True))
    meter = Meter(EXPECTED)
    assert (await ask(open_openai(models), meter))[0] == Reply("x" * 30)
    assert meter.usage == Usage(EXPECTED, 10, estimated=True)


@pytest.mark.parametrize("kind", ["invalid_request_error", "authentication_error"])
async def test_an_error_amid_the_reply_that_will_come_again_is_a_refusal(
    models: ModelsServer, kind: str
) -> None:
    models.order(Answer(raw=(anthropic(START, {"type": "error", "error": {"type": kind, "message": "x"}}),)))
    with pytest.raises(ProviderRefused):
        await ask(open_anthropic(models), Meter(EXPECTED))


async def test_openais_own_name_of_the_limit_is_used_where_it_is_understood(models: ModelsServer) -> None:
    models.usual = Answer(TEXT)
    await ask(open_openai(models, REASONER, dialect="openai"), Meter(EXPECTED))
    await ask(open_openai(models), Meter(EXPECTED))
    own, compatible = models.calls
    assert (own["max_completion_tokens"], "max_tokens" in own) == (500, False)
    assert (compatible["max_tokens"], "max_completion_tokens" in compatible) == (500, False)


async def test_what_a_model_thinks_has_room_beside_what_it_writes(models: ModelsServer) -> None:
    models.usual = Answer(TEXT)
    await ask(open_openai(models, REASONER, dialect="openai", thinking_tokens=4000), Meter(EXPECTED))
    assert models.calls[0]["max_completion_tokens"] == 4500


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://ours.openai.azure.com/openai/v1", "openai"),
        ("https://api.openai.com.example.com/v1", "compatible"),
        ("http://127.0.0.1:11434/v1", "compatible"),
    ],
)
def test_the_address_tells_the_dialect(url: str, dialect: str) -> None:
    assert dialect_of(url) == dialect


async def test_a_quota_that_is_used_up_is_not_asked_again(models: ModelsServer) -> None:
    models.order(Answer(status=429, code="insufficient_quota"))
    with pytest.raises(ProviderRefused, match="429 insufficient_quota"):
        await ask(open_openai(models), Meter(EXPECTED))


@pytest.mark.parametrize("code", [429, {"a": 1}, ["x"]])
async def test_a_code_that_is_no_text_is_not_looked_at(models: ModelsServer, code: Any) -> None:
    models.order(Answer(status=429, code=code))
    with pytest.raises(ProviderBusy, match="429 x"):
        await ask(open_openai(models), Meter(EXPECTED))
