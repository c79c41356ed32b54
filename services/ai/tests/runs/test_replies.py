"""Replies as models really give them: with other text around, cut off, declined."""

from __future__ import annotations

import json
from time import thread_time
from typing import Any

import pytest

from ai_service.runs.execution import RunExecutor
from fakes.language_models import Answer, ModelsServer
from services.ai.tests.factories import EMAIL_OUTPUT, Person

JSON = json.dumps(EMAIL_OUTPUT)


async def done(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int, *answers: Answer
) -> dict[str, Any]:
    """The run, after so many attempts and one more that it must not need."""
    models.order(*answers)
    for _ in range(len(answers) + 1):
        await executor.execute(run_id)
    assert len(models.calls) == len(answers)
    found: dict[str, Any] = (await boss.get(f"/employees/{employee_id}/runs/{run_id}")).json()
    return found


async def test_separators_of_unicode_are_text_and_paid_for_once(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int
) -> None:
    reply = "One\N{LINE SEPARATOR}two\N{PARAGRAPH SEPARATOR}three"
    events: list[dict[str, Any]] = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {
                "type": "input_json_delta",
                "partial_json": json.dumps({**EMAIL_OUTPUT, "reply": reply}, ensure_ascii=False),
            },
        },
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 45}},
        {"type": "message_stop"},
    ]
    raw = "".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n" for event in events).encode()
    run = await done(executor, models, boss, employee_id, run_id, Answer(raw=(raw,)))
    assert (run["status"], run["output"] and run["output"]["reply"]) == ("completed", reply)


@pytest.mark.parametrize(
    "reply",
    [
        f"```json\n{JSON}\n```",
        f"Here it is:\n\n```\n{JSON}\n```\nAnything else?",
        f'<think>Perhaps {{"a": 1}}, or {{b}}? No.</think>\n\n{JSON}',
        f"<think>{'{ ' * 200}</think>{JSON}",
        f'First {{"category": "spam"}}, but then {JSON}',
        json.dumps({**EMAIL_OUTPUT, "reply": "See </think> and ``` and }"}),
    ],
    ids=["fence", "fence and prose", "thinking", "braces in thinking", "a draft before", "marks in a text"],
)
async def test_the_json_in_a_reply_is_taken_whatever_stands_around_it(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int, reply: str
) -> None:
    run = await done(executor, models, boss, employee_id, run_id, Answer(reply))
    assert (run["status"], run["error_message"]) == ("completed", None)


async def test_a_refusal_is_said_and_not_asked_for_again(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int
) -> None:
    run = await done(executor, models, boss, employee_id, run_id, Answer(JSON, stop="refusal"))
    assert (run["status"], run["error"], run["output"]) == ("failed", "model_refused", None)
    assert "declined" in run["error_message"]
    assert (run["attempts"][0]["status"], run["reply"]) == ("unfit", JSON)


async def test_a_truncated_reply_is_said_and_not_asked_for_again(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int
) -> None:
    run = await done(executor, models, boss, employee_id, run_id, Answer(JSON[:-9], stop="max_tokens"))
    assert (run["status"], run["error"]) == ("failed", "reply_truncated")
    assert "smaller pieces" in run["error_message"]


async def test_a_reply_that_met_its_limit_at_its_very_end_is_taken(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int
) -> None:
    run = await done(executor, models, boss, employee_id, run_id, Answer(JSON, stop="max_tokens"))
    assert run["status"] == "completed"


async def test_a_provider_that_does_not_speak_its_protocol_is_paid_once(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int
) -> None:
    run = await done(executor, models, boss, employee_id, run_id, Answer(JSON, garbage=True))
    assert (run["status"], run["error"]) == ("failed", "provider_garbled")


@pytest.mark.parametrize(
    "reply",
    ["{" * 100_000, '{"a":' * 30_000, "[" * 100_000, "{" + '"\\' * 50_000, '{"a": ' + "9" * 100_000 + "}"],
    ids=["braces", "deep objects", "deep lists", "quotes", "digits"],
)
async def test_a_reply_made_to_be_hard_to_read_costs_little(
    executor: RunExecutor, models: ModelsServer, boss: Person, employee_id: int, run_id: int, reply: str
) -> None:
    began = thread_time()
    run = await done(executor, models, boss, employee_id, run_id, Answer(reply), Answer(reply))
    assert run["error"] == "invalid_reply"
    assert thread_time() - began < 2.0
