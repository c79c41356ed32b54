"""Both adapters against servers that speak their protocols."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.errors import ProviderBusy, ProviderDown, ProviderGarbled, ProviderRefused
from ai_service.providers.http import retry_after
from ai_service.providers.openai import OpenAIProvider, strict
from ai_service.providers.provider import Call, Meter, Provider, Reply, Usage
from fakes.language_models import KEY, Answer, ModelsServer

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 10, "title": "Title"}},
    "required": ["title"],
    "additionalProperties": False,
}
TEXT = json.dumps({"title": "안녕하세요, 반갑습니다"}, ensure_ascii=False)


def make(
    name: str, models: ModelsServer, *, key: str = KEY, url: str | None = None, **times: float
) -> Provider:
    options: dict[str, Any] = {"key": key, "model": "test-model", "silence": 0.5, "total": 5.0, **times}
    if name == "anthropic":
        return AnthropicProvider(url=url or models.url, **options)
    return OpenAIProvider(url=url or f"{models.url}/v1", **options)


@pytest.fixture(params=["anthropic", "openai"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def provider(name: str, models: ModelsServer) -> AsyncIterator[Provider]:
    provider = make(name, models)
    yield provider
    await provider.close()


async def ask(provider: Provider, meter: Meter | None = None) -> tuple[Reply, list[str]]:
    pieces = list[str]()

    async def on_text(piece: str) -> None:
        pieces.append(piece)

    call = Call(
        system="Ours",
        message="Theirs",
        schema_name="email_result",
        schema=SCHEMA,
        max_output_tokens=500,
        offline=lambda: "",
    )
    return await provider.complete(call, on_text, meter or Meter(100)), pieces


async def test_a_reply_comes_in_pieces_and_is_counted(provider: Provider, models: ModelsServer) -> None:
    models.order(Answer(TEXT))
    meter = Meter(100)
    reply, pieces = await ask(provider, meter)
    assert (reply, meter.usage) == (Reply(TEXT), Usage(120, 45))
    assert len(pieces) > 1
    assert "".join(pieces) == TEXT


async def test_what_is_asked_of_anthropic(models: ModelsServer) -> None:
    models.order(Answer(TEXT))
    provider = make("anthropic", models)
    await ask(provider)
    await provider.close()
    (body,), (headers,) = models.calls, models.headers
    assert headers["anthropic-version"] == "2023-06-01"
    assert (body["model"], body["max_tokens"], body["stream"]) == ("test-model", 500, True)
    assert (body["system"], body["messages"]) == ("Ours", [{"role": "user", "content": "Theirs"}])
    assert body["tool_choice"] == {"type": "tool", "name": "email_result"}
    assert body["tools"][0]["input_schema"] == SCHEMA


async def test_what_is_asked_of_openai(models: ModelsServer) -> None:
    models.order(Answer(TEXT))
    provider = make("openai", models)
    await ask(provider)
    await provider.close()
    (body,) = models.calls
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["stream_options"] == {"include_usage": True}
    schema = body["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("email_result", True)
    assert schema["schema"]["properties"] == {"title": {"type": "string"}}


def test_strict_takes_words_out_and_leaves_names() -> None:
    schema = {
        "properties": {"default": {"type": "array", "items": {"maxLength": 3}, "minItems": 1}},
        "title": "x",
    }
    assert strict(schema) == {"properties": {"default": {"type": "array", "items": {}}}}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_a_failing_provider_may_be_asked_again(
    provider: Provider, models: ModelsServer, status: int
) -> None:
    models.order(Answer(status=status))
    with pytest.raises(ProviderDown) as raised:
        await ask(provider)
    assert raised.value.again


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("0.5", 0.5), (None, None), ("soon", None)])
async def test_a_busy_provider_says_when(
    provider: Provider, models: ModelsServer, header: str | None, seconds: float | None
) -> None:
    models.order(Answer(status=429, headers={"Retry-After": header} if header else {}))
    with pytest.raises(ProviderBusy) as raised:
        await ask(provider)
    assert raised.value.retry_after == seconds


def test_a_date_in_retry_after_becomes_seconds() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert (retry_after("Fri, 31 Dec 2199 23:59:59 GMT") or 0) > 10**9
    assert retry_after("") is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_a_provider_that_refuses_is_not_asked_again(
    provider: Provider, models: ModelsServer, status: int
) -> None:
    models.order(Answer(status=status))
    with pytest.raises(ProviderRefused) as raised:
        await ask(provider)
    assert not raised.value.again
    assert str(status) in raised.value.message


async def test_keys_reach_neither_errors_nor_logs(
    name: str, models: ModelsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "sk-ant-a-wrong-key-0815"
    for key, answer in ((wrong, Answer(TEXT)), (KEY, Answer(status=500)), (KEY, Answer(TEXT, broken=True))):
        models.order(answer)
        provider = make(name, models, key=key)
        with pytest.raises((ProviderRefused, ProviderDown, ProviderBusy)) as raised:
            await ask(provider)
        await provider.close()
        for text in (str(raised.value), repr(raised.value), caplog.text):
            assert wrong not in text
            assert KEY not in text


async def test_a_reply_that_is_cut_off_is_no_reply(provider: Provider, models: ModelsServer) -> None:
    models.order(Answer(TEXT, cut=True))
    with pytest.raises(ProviderDown, match="broke"):
        await ask(provider)


async def test_an_error_amid_the_reply_is_one(provider: Provider, models: ModelsServer) -> None:
    models.order(Answer(TEXT, broken=True))
    with pytest.raises((ProviderBusy, ProviderDown)):
        await ask(provider)


async def test_an_event_that_is_no_json_is_a_failure(provider: Provider, models: ModelsServer) -> None:
    models.order(Answer(TEXT, garbage=True))
    with pytest.raises(ProviderGarbled, match="not JSON"):
        await ask(provider)


async def test_silence_is_given_up(provider: Provider, models: ModelsServer) -> None:
    models.order(Answer(TEXT, before=3.0))
    began = time.monotonic()
    with pytest.raises(ProviderDown, match="in time"):
        await ask(provider)
    assert time.monotonic() - began < 2.0


async def test_a_reply_that_never_ends_is_given_up(name: str, models: ModelsServer) -> None:
    models.order(Answer(TEXT, pause=0.2))
    provider = make(name, models, total=0.5)
    with pytest.raises(ProviderDown, match=r"more than 0\.5 s"):
        await ask(provider)
    await provider.close()


async def test_nobody_at_the_address_is_a_failure(name: str, models: ModelsServer) -> None:
    provider = make(name, models, url="http://127.0.0.1:1")
    with pytest.raises(ProviderDown, match="connection"):
        await ask(provider)
    await provider.close()
