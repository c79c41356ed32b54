"""Numbers are plain: every number that a client sends says how it is taken."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from shared.schemas.types import PlainNumber
from stack.services import SERVICES
from tests.contract.inputs import Found, inputs_of_routes, parts_of_type

NUMBERS = {int, float, Decimal}


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_every_number_of_a_request_is_in_plain_digits(module: str) -> None:
    found = list(inputs_of_routes(module, NUMBERS))
    assert found
    assert list(_unmarked(found)) == []


def test_what_a_run_is_given_has_plain_numbers_too() -> None:
    kinds = importlib.import_module("ai_service.scenarios.kinds").KINDS
    found = [one for kind in kinds.values() for one in parts_of_type(kind.input, (), "run", NUMBERS)]
    assert found
    assert list(_unmarked(found)) == []


def test_a_number_that_says_nothing_is_found() -> None:
    assert list(_unmarked(parts_of_type(int | None, (), "x", NUMBERS))) == ["x"]
    marked: Any = list[int]
    assert list(_unmarked(parts_of_type(marked, (PlainNumber,), "x", NUMBERS))) == ["x"]


def _unmarked(found: Iterator[Found] | list[Found]) -> Iterator[str]:
    return (where for where, _, marks in found if PlainNumber not in marks)
