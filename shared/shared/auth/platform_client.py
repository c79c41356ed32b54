"""What a service asks platform, over HTTP and with a token of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import httpx
from pydantic import TypeAdapter

from shared.auth.entitlement_table import Entitlement
from shared.auth.service_tokens import issue_service_token
from shared.settings import ServiceSettings

T = TypeVar("T")
SNAPSHOT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """A page of everything there is of a kind; `next` asks for the page after it."""

    items: list[T]
    next: str | int | None = None


_entitlements = TypeAdapter(Snapshot[Entitlement])


class PlatformClient:
    """Calls platform at `url` as the service `service`. Raises httpx.HTTPError, or ValueError for an unexpected
    answer."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, service: str, secret: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._service = service
        self._secret = secret

    @classmethod
    def of(cls, http: httpx.AsyncClient, settings: ServiceSettings, *, service: str) -> Self:
        """The client of a process of `service` with these settings."""
        secret = settings.service_secret.get_secret_value()
        return cls(http, url=settings.platform_url, service=service, secret=secret)

    async def entitlements(self, user_id: int, *, seconds: float) -> list[Entitlement]:
        """All that platform knows of a user."""
        answer = await self._http.get(
            f"{self._url}/internal/entitlements/{user_id}",
            headers=self._headers("entitlements"),
            timeout=seconds,
        )
        answer.raise_for_status()
        return _entitlements.validate_json(answer.content).items

    async def snapshot(self, kind: str, item: type[T], *, limit: int) -> AsyncIterator[list[T]]:
        """Everything of a kind (`entitlements`, `users`), page by page; `item` says what is read of each."""
        page_of: TypeAdapter[Snapshot[T]] = TypeAdapter(Snapshot[item])  # type: ignore[valid-type]
        query: dict[str, str | int] = {"limit": limit}
        while True:
            answer = await self._http.get(
                f"{self._url}/internal/snapshots/{kind}",
                params=query,
                headers=self._headers(f"snapshots/{kind}"),
                timeout=SNAPSHOT_SECONDS,
            )
            answer.raise_for_status()
            page = page_of.validate_json(answer.content)
            yield page.items
            if page.next is None:
                return
            query["after"] = page.next

    def _headers(self, scope: str) -> dict[str, str]:
        """Created for each request: a token is valid for one."""
        token = issue_service_token(caller=self._service, target="platform", secret=self._secret, scope=scope)
        return {"Authorization": f"Bearer {token}"}
