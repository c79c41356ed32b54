"""The committed kong.yml as data that a test may break, and keys."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.check import PUBLIC_ENDPOINTS, examine, read_public
from gateway.document import Document, read_document
from gateway.rules import Finding

COMMITTED = Path(__file__).parents[1] / "kong.yml"
_DATA = read_document(COMMITTED).data
_PUBLIC = read_public(PUBLIC_ENDPOINTS)

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def committed() -> dict[str, Any]:
    """A copy of the committed file's data."""
    return copy.deepcopy(_DATA)


@pytest.fixture(scope="session")
def pem() -> str:
    """A public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(*form).decode()


def findings(data: dict[str, Any], *, public: frozenset[str] = _PUBLIC) -> list[Finding]:
    """What the check says about this data."""
    _, found = examine(Document(data=data, lines={}), public=public)
    return found


def service(data: dict[str, Any], name: str) -> dict[str, Any]:
    """One service of the file, to be changed in place."""
    found: dict[str, Any] = next(service for service in data["services"] if service["name"] == name)
    return found


def route(data: dict[str, Any], name: str) -> dict[str, Any]:
    """One route of the file, to be changed in place."""
    routes = (route for service in data["services"] for route in service["routes"])
    found: dict[str, Any] = next(route for route in routes if route["name"] == name)
    return found


def config(owner: dict[str, Any], plugin: str) -> dict[str, Any]:
    """The configuration of one plugin of the file, a service or a route, to be changed in place."""
    found: dict[str, Any] = next(entry["config"] for entry in owner["plugins"] if entry["name"] == plugin)
    return found
