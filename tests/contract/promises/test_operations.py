"""Each kind of break of an API is found, and what breaks nobody passes."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.contract.promises.operations import api_breaks
from tests.contract.promises.sample_api import Document, get, post, read, sample_api, sent

Edit = Callable[[Document], object]


@pytest.fixture
def document() -> Document:
    """An API with a list, and something to write."""
    return sample_api()


BREAKS: dict[str, tuple[Edit, str]] = {
    "a path is gone": (lambda d: d["paths"].pop("/bookings"), "POST /bookings: was removed"),
    "a method is gone": (
        lambda d: d["paths"]["/bookings/{id}"].update(put=d["paths"]["/bookings/{id}"].pop("get")),
        "GET /bookings/{}: was removed",
    ),
    "it asks for a token": (
        lambda d: post(d).update(security=[{"bearer": []}]),
        "POST /bookings: asks for a token",
    ),
    "another success": (
        lambda d: post(d).update(responses={"202": {}}),
        "POST /bookings 201: is not answered any more",
    ),
    "another media type": (
        lambda d: get(d)["responses"]["200"].update(content={"text/csv": {}}),
        "GET /bookings/{} 200: no application/json any more",
    ),
    "a parameter is gone": (lambda d: get(d)["parameters"].pop(), "GET /bookings/{} query page: was removed"),
    "a parameter is required": (
        lambda d: get(d)["parameters"][1].update(required=True),
        "GET /bookings/{} query page: is required now",
    ),
    "a new parameter is required": (
        lambda d: get(d)["parameters"].append(
            {"in": "header", "name": "Key", "required": True, "schema": {}}
        ),
        "GET /bookings/{} header Key: is required now",
    ),
    "a parameter's range": (
        lambda d: get(d)["parameters"][1]["schema"].update(maximum=10),
        "GET /bookings/{} query page: maximum was 1000, is 10",
    ),
    "a parameter's type": (
        lambda d: get(d)["parameters"][0].update(schema={"type": "string", "format": "uuid"}),
        "GET /bookings/{} path 1: integer is not accepted any more",
    ),
    "the body is required": (
        lambda d: post(d)["requestBody"].update(required=True),
        "POST /bookings body: is required now",
    ),
    "the body is not read": (
        lambda d: post(d).pop("requestBody"),
        "POST /bookings body: is not read any more",
    ),
    "a new field is required": (
        lambda d: (sent(d)["properties"].update(city={"type": "string"}), sent(d)["required"].append("city")),
        "POST /bookings body.city: is required now",
    ),
    "a field is required": (
        lambda d: sent(d)["required"].append("hours"),
        "POST /bookings body.hours: is required now",
    ),
    "a field is not taken": (
        lambda d: sent(d)["properties"].pop("note"),
        "POST /bookings body.note: was removed",
    ),
    "unknown fields are refused": (
        lambda d: sent(d).update(additionalProperties=False),
        "POST /bookings body: refuses unknown fields now",
    ),
    "a sent field may not be null": (
        lambda d: sent(d)["properties"].update(note={"type": "string", "maxLength": 500}),
        "POST /bookings body.note: null is not accepted any more",
    ),
    "a sent field is shorter": (
        lambda d: sent(d)["properties"]["note"]["anyOf"][0].update(maxLength=100),
        "POST /bookings body.note: maxLength was 500, is 100",
    ),
    "a sent number is larger": (
        lambda d: sent(d)["properties"]["hours"].update(minimum=2),
        "POST /bookings body.hours: minimum was 1, is 2",
    ),
    "a sent field has a pattern": (
        lambda d: sent(d)["properties"]["day"].update(pattern="^2"),
        "POST /bookings body.day: pattern was None, is ^2",
    ),
    "a sent value is gone": (
        lambda d: sent(d)["properties"]["kind"].update(enum=["home"]),
        "POST /bookings body.kind: 'party' is not accepted any more",
    ),
    "a sent field has values": (
        lambda d: sent(d)["properties"]["day"].update(enum=["today"]),
        "POST /bookings body.day: only ['today'] are accepted now",
    ),
    "a sent format": (
        lambda d: sent(d)["properties"]["day"].update(format="date-time"),
        "POST /bookings body.day: format was date, is date-time",
    ),
    "a read field is gone": (
        lambda d: read(d)["properties"].pop("price"),
        "GET /bookings/{} 200.price: was removed",
    ),
    "a read field may be missing": (
        lambda d: read(d)["required"].remove("status"),
        "GET /bookings/{} 200.status: may be missing now",
    ),
    "a read field may be null": (
        lambda d: read(d)["properties"].update(id={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "GET /bookings/{} 200.id: may be null now",
    ),
    "a read type": (
        lambda d: read(d)["properties"].update(price={"type": "string"}),
        "GET /bookings/{} 200.price: may be string now",
    ),
    "a read number is no integer": (
        lambda d: read(d)["properties"].update(id={"type": "number"}),
        "GET /bookings/{} 200.id: may be number now",
    ),
    "a read value is gone": (
        lambda d: read(d)["properties"]["status"].update(enum=["pending"]),
        "GET /bookings/{} 200.status: 'confirmed' is not given any more",
    ),
    "a read field of a field": (
        lambda d: d["components"]["schemas"]["Day"]["properties"]["date"].update(format="date-time"),
        "GET /bookings/{} 200.days[].date: format was date, is date-time",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_found(document: Document, name: str) -> None:
    edit, sentence = BREAKS[name]
    changed = copy.deepcopy(document)
    edit(changed)
    (found,) = api_breaks(document, changed)
    assert found.startswith(sentence)


FINE: dict[str, Edit] = {
    "a new path": lambda d: d["paths"].update({"/tips": {"get": {"responses": {"200": {}}}}}),
    "a path's variable has another name": lambda d: d["paths"].update(
        {"/bookings/{booking}": d["paths"].pop("/bookings/{id}")}
    ),
    "a new optional parameter": lambda d: get(d)["parameters"].append(
        {"in": "query", "name": "sort", "schema": {"type": "string"}}
    ),
    "a new optional field": lambda d: sent(d)["properties"].update(city={"type": "string"}),
    "a field is optional now": lambda d: sent(d)["required"].remove("chef"),
    "a wider range": lambda d: sent(d)["properties"]["hours"].update(maximum=24),
    "a sent value more": lambda d: sent(d)["properties"]["kind"]["enum"].append("office"),
    "a number where an integer was sent": lambda d: sent(d)["properties"].update(
        hours={"type": "number", "minimum": 1, "maximum": 12}
    ),
    "a new read field": lambda d: read(d)["properties"].update(tips={"type": "number"}),
    "a read value more": lambda d: read(d)["properties"]["status"]["enum"].append("canceled"),
    "a read field is always there": lambda d: read(d)["required"].append("price"),
    "a read field is never null": lambda d: read(d)["properties"].update(note={"type": "string"}),
    "an integer where a number was read": lambda d: read(d)["properties"].update(price={"type": "integer"}),
    "another error": lambda d: get(d)["responses"].update({"410": get(d)["responses"].pop("404")}),
    "a schema has another name": lambda d: (
        d["components"]["schemas"].update(Reservation=d["components"]["schemas"].pop("Booking")),
        get(d)["responses"]["200"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Reservation"}
        ),
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_breaks_nobody_passes(document: Document, name: str) -> None:
    changed = copy.deepcopy(document)
    FINE[name](changed)
    assert changed != document
    assert api_breaks(document, changed) == []
