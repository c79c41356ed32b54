"""What a service calls public and what the gateway lets in without a token are the same."""

import re
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

import ai_service.definition
import coocook_service.definition
import platform_service.definition
import review_service.definition
import sns_service.definition
from gateway.check import PUBLIC_ENDPOINTS, read_public
from shared.web import routes

DEFINITIONS = [
    platform_service.definition.definition,
    coocook_service.definition.definition,
    ai_service.definition.definition,
    sns_service.definition.definition,
    review_service.definition.definition,
]
PREFIXES = {
    "platform": ("/api/auth/", "/api/platform/", "/api/payment/"),
    "coocook": ("/api/coocook/",),
    "ai": ("/api/ai-automation/", "/api/webapp-builder/"),
    "sns": ("/api/sns/", "/api/sns-auto/"),
    "review": ("/api/review/", "/api/experience/"),
}


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


@pytest.mark.parametrize("definition", DEFINITIONS, ids=[d.name for d in DEFINITIONS])
def test_the_gateway_lets_in_without_a_token_what_the_service_calls_public(definition: Any) -> None:
    listed = {
        line
        for line in read_public(PUBLIC_ENDPOINTS)
        if line.split()[1].startswith(PREFIXES[definition.name])
    }
    assert listed or definition.name == "sns"  # of which nothing is public
    assert declared_public(definition) == listed
