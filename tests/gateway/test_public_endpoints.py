"""What a service calls public and what the gateway lets in without a token are the same."""

from __future__ import annotations

import importlib
import re
from typing import Any, cast

import pytest
import yaml
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from gateway.check import PUBLIC_ENDPOINTS, read_public
from shared.web import routes
from stack.services import NAMES, SERVICES, Service

KONG = PUBLIC_ENDPOINTS.with_name("kong.yml")


def prefixes(service: Service) -> tuple[str, ...]:
    """Below which of its addresses the gateway sends requests to the service."""
    (closed,) = (
        entry for entry in yaml.safe_load(KONG.read_text())["services"] if entry["name"] == service.name
    )
    return tuple(path[1:].replace("(?:/|$)", "/") for route in closed["routes"] for path in route["paths"])


def declared_public(definition: Any) -> set[str]:
    """The routes below /api that the service marks as public, with {id} for whatever a parameter is called."""
    app = FastAPI()
    for router in definition.routers(cast("Any", None)):
        app.include_router(router)
    return {
        f"{method} {re.sub(r'{[^}]+}', '{id}', route.path or '')}"
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute) and (route.path or "").startswith("/api/")
        if routes.anybody
        in {*(d.dependency for d in route.dependencies), *(d.call for d in route.dependant.dependencies)}
        for method in route.methods or ()
    }


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_the_gateway_lets_in_without_a_token_what_the_service_calls_public(service: Service) -> None:
    below = prefixes(service)
    listed = {line for line in read_public(PUBLIC_ENDPOINTS) if line.split()[1].startswith(below)}
    assert bool(listed) is not service.closed
    assert declared_public(importlib.import_module(f"{service.module}.definition").definition) == listed
