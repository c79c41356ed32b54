"""What holds for the routes of every service."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any, cast, get_origin

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from platform_service.internal.service import PRODUCTS
from shared.auth.dependencies import SubscriberGuard
from shared.schemas.keyset import MAX_ROWS
from shared.web.paging import list_query
from stack.services import SERVICES

CATALOGUES = {"GET /api/payment/plans", "GET /api/platform/products", "GET /api/ai-automation/scenarios"}
"""They grow by our migrations alone."""


@pytest.mark.parametrize("module", [service.module for service in SERVICES])
def test_nothing_of_a_request_goes_through_the_thread_pool(module: str) -> None:
    # FastAPI does that with every endpoint and dependency that is not async, and it costs more than most of them do.
    routes = routes_of(module)
    assert routes
    for route in routes:
        assert [call for call in _calls(route.dependant) if not _is_async(call)] == [], route.path


def test_platform_tells_each_service_of_the_products_that_it_asks_for() -> None:
    asked: dict[str, set[str]] = {}
    for service in SERVICES:
        definition = importlib.import_module(f"{service.module}.definition").definition
        for route in routes_of(service.module):
            guards = [call for call in _calls(route.dependant) if isinstance(call, SubscriberGuard)]
            asked.setdefault(definition.name, set()).update(guard.product for guard in guards)
    told = {name: set(products) for name, products in PRODUCTS.items()}
    assert {name: products for name, products in asked.items() if products} == told


def test_every_list_without_an_envelope_holds_a_thousand_and_leads_on() -> None:
    bare = {
        f"{min(route.methods)} {route.path}": list_query in set(_calls(route.dependant))
        for module in (service.module for service in SERVICES)
        for route in routes_of(module)
        if get_origin(route.response_model) is list
    }
    assert {name for name, leads_on in bare.items() if not leads_on} == CATALOGUES
    assert "GET /api/payment/subscriptions" in bare
    assert inspect.signature(list_query).parameters["limit"].default == MAX_ROWS == 1000


def routes_of(module: str) -> list[Any]:
    """Every route of a service."""
    definition = importlib.import_module(f"{module}.definition").definition
    app = FastAPI()
    for router in definition.routers(cast(Any, None)):
        app.include_router(router)
    return [route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute)]


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for child in dependant.dependencies:
        yield from _calls(child)


def _is_async(call: Any) -> bool:
    function = call if inspect.isroutine(call) else call.__call__
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
