"""What a call that failed has cost."""

from __future__ import annotations

import pytest

from ai_service.providers.anthropic import AnthropicProvider
from ai_service.providers.errors import ProviderDown, ProviderGarbled, ProviderRefused
from ai_service.providers.provider import Meter, Usage, estimate_tokens
from fakes.language_models import KEY, Answer, ModelsServer
from services.ai.tests.providers.asking import EXPECTED, ask, open_openai


@pytest.mark.parametrize(
    ("answer", "spent"),
    [
        (Answer("x" * 60, cut=True, usage=False), Usage(EXPECTED, 12, estimated=True)),
        (Answer(before=3.0), Usage(EXPECTED, 0, estimated=True)),
        (Answer(status=503), Usage()),
        (Answer(status=401), Usage()),
    ],
    ids=["broken", "silent", "overloaded", "refused"],
)
async def test_a_failure_costs_what_was_read_and_written_by_then(
    models: ModelsServer, answer: Answer, spent: Usage
) -> None:
    models.order(answer)
    meter = Meter(EXPECTED)
    with pytest.raises((ProviderDown, ProviderRefused)):
        await ask(open_openai(models), meter)
    assert meter.usage == spent


async def test_a_call_that_never_arrives_costs_nothing() -> None:
    meter = Meter(EXPECTED)
    provider = AnthropicProvider(url="http://127.0.0.1:1", key=KEY, model="m", silence=0.5, total=5.0)
    with pytest.raises(ProviderDown):
        await ask(provider, meter)
    assert meter.usage == Usage()


@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=utf-8"])
async def test_an_answer_that_is_no_stream_is_not_asked_for_again(
    models: ModelsServer, content_type: str
) -> None:
    models.order(Answer(raw=(b"y" * 30,), content_type=content_type))
    meter = Meter(EXPECTED)
    with pytest.raises(ProviderGarbled) as raised:
        await ask(open_openai(models), meter)
    assert not raised.value.again
    assert meter.usage.output_tokens == 10


def test_an_estimate_is_rather_too_high_than_too_low() -> None:
    assert [estimate_tokens(text) for text in ("", "a", "abcd", "안녕하세요")] == [0, 1, 2, 5]
