"""What is kept of a request and of its answer."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from shared.schemas.json import dumps


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer. `replayed`: it is the first request's, and nothing was done now."""

    status: int
    body: bytes
    replayed: bool


def fingerprint(request: bytes | Mapping[str, Any]) -> bytes:
    """The same for requests that ask for the same, whatever the order of their fields."""
    if not isinstance(request, bytes):
        request = orjson.dumps(request, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(request).digest()


def fresh(status: int, body: Any) -> Answer:
    """The answer to work that was done now; `body` is anything that JSON can say."""
    return Answer(status, dumps(body), replayed=False)
