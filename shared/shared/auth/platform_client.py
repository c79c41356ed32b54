"""The two questions about entitlements that a service asks platform."""

from dataclasses import dataclass

import httpx
from pydantic import TypeAdapter

from shared.auth.entitlement import Entitlement
from shared.auth.service_tokens import issue_service_token


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A page of every entitlement there is; `next` asks for the page after it."""

    items: list[Entitlement]
    next: str | int | None = None


_snapshot = TypeAdapter(Snapshot)


class PlatformClient:
    """Calls platform at `url` as the service `service`. Raises httpx.HTTPError, or ValueError for a strange answer."""

    def __init__(self, http: httpx.AsyncClient, *, url: str, service: str, secret: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._service = service
        self._secret = secret

    async def entitlements(self, user_id: int, *, seconds: float) -> list[Entitlement]:
        """All that platform knows of a user."""
        answer = await self._http.get(
            f"{self._url}/internal/entitlements/{user_id}", headers=self._headers(), timeout=seconds
        )
        answer.raise_for_status()
        return _snapshot.validate_json(answer.content).items

    async def snapshot(self, after: str | int | None, *, limit: int) -> Snapshot:
        """A page of all entitlements."""
        query: dict[str, str | int] = {"limit": limit} if after is None else {"limit": limit, "after": after}
        answer = await self._http.get(
            f"{self._url}/internal/snapshots/entitlements",
            params=query,
            headers=self._headers(),
            timeout=30.0,
        )
        answer.raise_for_status()
        return _snapshot.validate_json(answer.content)

    def _headers(self) -> dict[str, str]:
        token = issue_service_token(caller=self._service, target="platform", secret=self._secret)
        return {"Authorization": f"Bearer {token}"}
