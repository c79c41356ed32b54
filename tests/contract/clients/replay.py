"""The clients' contract, called endpoint by endpoint at a running gateway; what was not called is known at the end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.contract.clients.shapes import problems

FILE = Path(__file__).with_name("contract.yml")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of the contract: `name` is its method and path, `ok` the statuses of success."""

    name: str
    service: str
    auth: str
    sub: str | None
    ok: tuple[int, ...]
    returns: Any
    errors: dict[str, str]

    @property
    def method(self) -> str:
        return self.name.split()[0]

    def path(self, item: int | str | None = None) -> str:
        """The path with the id of `item` filled in."""
        return self.name.split()[1].replace("{id}", str(item))


@cache
def document() -> dict[str, Any]:
    """contract.yml."""
    content: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return content


def services() -> list[str]:
    """Those that today's clients call."""
    return [name for name in document() if name != "shapes"]


@cache
def endpoints() -> dict[str, Endpoint]:
    """Every endpoint by its name."""
    return {
        name: Endpoint(
            name=name,
            service=service,
            auth=entry.get("auth", "bearer"),
            sub=entry.get("sub"),
            ok=tuple(entry.get("ok", (200,))),
            returns=entry["returns"],
            errors={case: str(status) for case, status in entry.get("errors", {}).items()},
        )
        for service in services()
        for name, entry in document()[service].items()
    }


class Replay:
    """Calls endpoints of one service and demands what the contract says of their answers."""

    def __init__(self, service: str, *, prefix: tuple[str, str] | None = None) -> None:
        self._prefix = prefix
        self._open = {
            (endpoint.name, case)
            for endpoint in endpoints().values()
            if endpoint.service == service
            for case in (None, *endpoint.errors)
        }

    async def call(
        self,
        name: str,
        who: httpx.AsyncClient,
        *,
        item: int | str | None = None,
        **sent: Any,
    ) -> Any:
        """The answer's JSON, after its status and its shape were found right."""
        endpoint = endpoints()[name]
        answer = await who.request(endpoint.method, self._path(endpoint, item), **sent)
        assert answer.status_code in endpoint.ok, f"{name}: {answer.status_code} {answer.text}"
        content = answer.json()
        assert problems(content, endpoint.returns, document()["shapes"], name) == []
        self._open.discard((name, None))
        return content

    async def refuse(
        self,
        name: str,
        case: str,
        who: httpx.AsyncClient,
        *,
        item: int | str | None = None,
        **sent: Any,
    ) -> None:
        """The call is refused in the way that the contract's error `case` says, with a message."""
        endpoint = endpoints()[name]
        answer = await who.request(endpoint.method, self._path(endpoint, item), **sent)
        check_error(answer, endpoint.errors[case], f"{name}, {case}")
        self._open.discard((name, case))

    def left(self) -> list[str]:
        """What the contract names and nobody has called: endpoints, and errors of endpoints."""
        return sorted(f"{name}: {case or 'success'}" for name, case in self._open)

    def _path(self, endpoint: Endpoint, item: int | str | None) -> str:
        path = endpoint.path(item)
        return path.replace(*self._prefix, 1) if self._prefix else path


def check_error(answer: httpx.Response, status: str, what: str) -> None:
    """`status` is a number or 4xx; the message stands in `error`, and in `message`."""
    is_it = answer.is_client_error if status == "4xx" else str(answer.status_code) == status
    assert is_it, f"{what}: {answer.status_code} {answer.text}"
    assert isinstance(answer.json()["error"], str), what
    assert answer.json()["error"], what
    assert answer.json()["message"] == answer.json()["error"], what
