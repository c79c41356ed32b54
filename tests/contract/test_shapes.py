"""The comparison with the contract finds what differs, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.clients.replay import document, endpoints
from tests.contract.clients.shapes import problems

SHAPES = {"Name": {"first": "string", "middle": "string or null"}}


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (1, "int"),
        (1.5, "number"),
        (1, "number"),
        (None, "datetime or null"),
        ("2026-11-26T10:00:00Z", "datetime"),
        ("2026-11-26", "date"),
        ("draft", "draft|live"),
        ("Reel", "=Reel"),
        (["a", "b"], ["=a", "=b"]),
        ([], ["int"]),
        ({"first": "Min", "further": 1}, "Name"),
        ({"x": {"first": "Min"}}, {"map of": "Name"}),
        ({"first": "Min", "age": 3}, {"all of": ["Name", {"age": "int"}]}),
        ({"xs": [1], "total": 1, "pages": 1, "current_page": 1}, {"page of": {"xs": "int"}}),
        ([1, 2], {}),
    ],
)
def test_what_fits_has_no_problems(value: Any, shape: Any) -> None:
    assert problems(value, shape, SHAPES) == []


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (True, "int"),
        ("1", "int"),
        (1.5, "int"),
        (False, "number"),
        (None, "string"),
        ("soon", "datetime"),
        ("yesterday", "date"),
        ("gone", "draft|live"),
        ("Reels", "=Reel"),
        (["b", "a"], ["=a", "=b"]),
        ([1, "2"], ["int"]),
        ({}, ["int"]),
        ({"first": None}, "Name"),
        ({"middle": "x"}, "Name"),
        ({"first": "Min", "middle": 3}, "Name"),
        ({"x": {"first": 1}}, {"map of": "Name"}),
        ({"first": "Min"}, {"all of": ["Name", {"age": "int"}]}),
        ({"xs": [1], "total": 1, "pages": 1}, {"page of": {"xs": "int"}}),
        ([1], {"a": "int"}),
    ],
)
def test_what_does_not_fit_is_named(value: Any, shape: Any) -> None:
    assert len(problems(value, shape, SHAPES)) == 1


def words(shape: Any) -> list[str]:
    """Every type that a shape names, however deep."""
    if isinstance(shape, str):
        return [shape]
    return [word for inner in (shape.values() if isinstance(shape, dict) else shape) for word in words(inner)]


def test_every_shape_of_the_contract_is_known() -> None:
    for shape in (*document()["shapes"].values(), *(entry.returns for entry in endpoints().values())):
        for word in words(shape):
            problems("x", word, document()["shapes"])  # raises for a word that nobody knows


def test_a_misspelt_shape_is_no_answers_fault() -> None:
    with pytest.raises(ValueError, match="no such shape: strnig"):
        problems("x", "strnig", SHAPES)
