"""What holds for the errors that the services declare."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.rules.upstreams import NO_ANSWER
from shared.errors import ServiceError
from stack.services import SERVICES

TIMED_OUT = 504
SNAPSHOTS = Path(__file__).parents[2] / "docs" / "api"


def declared() -> Iterator[type[ServiceError]]:
    """Every error class of shared and of the services, also those that no route names."""
    for package in ("shared", *(service.module for service in SERVICES)):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    yield from _below(ServiceError)


def test_no_error_of_a_service_looks_to_the_gateway_like_a_target_that_is_gone() -> None:
    """Three 502 in a row, or ten 504, and the gateway sends the whole service nothing more."""
    statuses = {f"{kind.__module__}.{kind.__name__}": kind.status for kind in declared()}
    assert statuses["shared.payments.errors.ProviderRefused"] == 503
    assert {name: status for name, status in statuses.items() if status in {NO_ANSWER, TIMED_OUT}} == {}


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_no_route_documents_an_answer_that_only_the_gateway_gives(service: str) -> None:
    paths = json.loads((SNAPSHOTS / f"{service}.json").read_text())["openapi"]["paths"]
    documented = {
        f"{method} {path} {status}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        for status in operation["responses"]
    }
    assert documented
    assert {one for one in documented if one.endswith((str(NO_ANSWER), str(TIMED_OUT)))} == set()


def _below(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)
