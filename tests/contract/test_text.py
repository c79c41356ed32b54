"""Equal to the eye is equal: every string that a client sends says how it is taken."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Annotated, Any, cast

import pytest
from pydantic import BaseModel, TypeAdapter

from shared.schemas.text import RawString, Text, UnnormalizedText
from stack.services import SERVICES
from tests.contract.inputs import inputs_of_routes, parts_of_type

DECOMPOSED, COMPOSED = "Cafe\u0301 \u1109\u1165\u110b\u116e\u11af", "Café 서울"
RUNS = "POST /api/ai-automation/employees/{employee_id}/runs"


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_every_string_of_a_request_arrives_composed_or_says_why_not(module: str) -> None:
    found = list(inputs_of_routes(module, {str}))
    assert found
    assert [where for where, _, marks in found if not _is_marked(marks)] == []


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_decomposed_text_arrives_composed(module: str) -> None:
    for where, annotation, marks in inputs_of_routes(module, {str}):
        text = next((mark for mark in marks if isinstance(mark, Text)), None)
        if text is None or isinstance(text, UnnormalizedText) or len(marks) > 1:
            continue
        kind: TypeAdapter[Any] = TypeAdapter(cast("Any", Annotated[annotation, text]))
        assert kind.validate_python(DECOMPOSED) == COMPOSED, where


def test_what_a_run_is_given_arrives_composed_too() -> None:
    kinds = importlib.import_module("ai_service.scenarios.kinds").KINDS
    found = [one for kind in kinds.values() for one in parts_of_type(kind.input, (), RUNS, {str})]
    assert found
    assert [where for where, _, marks in found if not _is_marked(marks)] == []


def test_a_string_that_says_nothing_is_found() -> None:
    class Inner(BaseModel):
        words: list[str]

    class Body(BaseModel):
        inner: Inner | None
        good: Annotated[str, Text(0, 5)]

    assert [where for where, _, marks in parts_of_type(Body, (), "x", {str}) if not _is_marked(marks)] == [
        "x.inner.words"
    ]


def _is_marked(marks: Sequence[Any]) -> bool:
    return any(isinstance(mark, Text | RawString) for mark in marks)
