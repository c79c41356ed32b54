"""Fires wrong input at every route of a service; none may answer as if the fault were its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from typing import Annotated, Any, cast
from urllib.parse import quote
from uuid import uuid4

import httpx
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import ParamTypes
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

from shared.errors import DeadlineExceeded
from shared.web.paging import LENIENT
from testing.wrong_values import Schema, Wrong, plausible, wrong_bodies, wrong_fields, wrong_texts

JSON = {"Content-Type": "application/json"}
SHOWN = 300


def app_of(client: httpx.AsyncClient) -> FastAPI:
    """The app behind a client of `client_for`."""
    return cast("FastAPI", cast("Any", client)._transport.app)


async def assert_no_route_breaks(
    client: httpx.AsyncClient, app: FastAPI, headers: Mapping[str, str], *, skip: Collection[str] = ()
) -> int:
    """Sends malformed and absurd requests to every route as the caller of `headers`; returns how many.

    What no route could take must be answered with a 4xx whose body has the string `error`, the same in `message`, and
    `errors` with fields where it is a 422. What some route might take must at least not be a 500 or too late. `skip`
    names routes such as `POST /api/x`. Raises AssertionError that lists every failure. Run it on a database that is
    thrown away.
    """
    failures: list[str] = []
    sent = 0
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            if isinstance(route.original_route, APIRoute) and f"{method} {route.path}" not in skip:
                async for what, certain, answer in _attack(client, method, route, headers):
                    sent += 1
                    if fault := find_fault(answer, certain=certain):
                        failures.append(f"{method} {route.path} with {what}: {fault}: {answer.text[:SHOWN]}")
    assert not failures, "\n".join([f"{len(failures)} of {sent} wrong requests:", *failures])
    return sent


def find_fault(answer: httpx.Response, *, certain: bool) -> str | None:
    """What is wrong with the answer to a wrong request; None if nothing is."""
    status = answer.status_code
    too_late = status == DeadlineExceeded.status and DeadlineExceeded.code in answer.text
    if (certain and not 400 <= status < 500) or status == 500 or too_late:
        return f"answered {status}"
    if status < 400:
        return None
    body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    if not isinstance(body.get("error"), str):
        return f"{status} without the string `error`"
    if body.get("message") != body["error"]:
        return f"{status} whose `message` is not its `error`"
    if status == 422 and not (body.get("errors") and all(item.get("field") for item in body["errors"])):
        return "422 names no field"
    return None


async def _attack(
    client: httpx.AsyncClient, method: str, route: Any, headers: Mapping[str, str]
) -> AsyncIterator[tuple[str, bool, httpx.Response]]:
    path = _parameters(route, ParamTypes.path)
    query = _parameters(route, ParamTypes.query)
    plain = _url(route.path_format, {name: str(plausible(schema, schema)) for name, schema in path.items()})
    for name, schema in path.items():
        for wrong in wrong_texts(schema):
            texts = dict.fromkeys(path, "1") | {name: wrong.content.decode()}
            answer = await client.request(method, _url(route.path_format, texts), headers=headers)
            yield f"{name}={wrong.what}", wrong.certain, answer
    for name, schema in query.items():
        for wrong in wrong_texts({} if name in LENIENT else schema):
            url = f"{plain}?{quote(name)}={wrong.content.decode()}"
            yield f"?{name}={wrong.what}", wrong.certain, await client.request(method, url, headers=headers)
    for wrong, content_type in _bodies(route):
        sent = {**headers, "Content-Type": content_type, "Idempotency-Key": str(uuid4())}
        answer = await client.request(method, plain, content=wrong.content, headers=sent)
        yield wrong.what, wrong.certain, answer


def _bodies(route: Any) -> Iterator[tuple[Wrong, str]]:
    if route.body_field is None:  # it may still read the body itself, as a webhook does
        yield from (
            (Wrong(wrong.what, wrong.content, certain=False), JSON["Content-Type"])
            for wrong in wrong_bodies()
        )
        return
    for wrong in wrong_bodies():
        yield wrong, JSON["Content-Type"]
    yield Wrong("a form", b"a=1&b=2", certain=True), "application/x-www-form-urlencoded"
    yield Wrong("plain text", b"hello", certain=True), "text/plain"
    schema = _schema(route.body_field)
    for _, wrong in wrong_fields(
        schema.get("$defs", {}).get(_first_reference(schema), schema) | _definitions(schema)
    ):
        yield wrong, JSON["Content-Type"]


def _first_reference(schema: Schema) -> str:
    """The name of the model in a schema such as `Body | None`."""
    choices: Sequence[Schema] = schema.get("anyOf") or [schema]
    return next((str(choice["$ref"]).rpartition("/")[2] for choice in choices if "$ref" in choice), "")


def _definitions(schema: Schema) -> Schema:
    return {"$defs": schema["$defs"]} if "$defs" in schema else {}


def _parameters(route: Any, kind: ParamTypes) -> dict[str, Schema]:
    fields: list[Any] = get_flat_params(route.dependant)
    return {field.alias or field.name: _schema(field) for field in fields if field.field_info.in_ == kind}


def _schema(field: Any) -> Schema:
    """The JSON schema of a parameter or a body; empty, which allows anything, where it has none."""
    info = field.field_info
    annotated: Any = Annotated[info.annotation, info]
    try:
        return TypeAdapter[Any](annotated).json_schema()
    except PydanticInvalidForJsonSchema:
        return {}


def _url(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template
