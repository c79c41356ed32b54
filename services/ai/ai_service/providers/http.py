"""Asking a provider over HTTP, and reading its server-sent events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import orjson

from ai_service.providers.errors import ProviderBusy, ProviderDown, ProviderError, ProviderRefused
from shared.clock import utcnow
from shared.trust import trust_for

CONNECT_SECONDS: Final = 5.0
MAX_EVENT: Final = 1_000_000
MAX_STREAM: Final = 50_000_000
MAX_EVENTS: Final = 200_000
"""More than any reply has: a provider gone mad must not fill our memory."""
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")


class ModelClient:
    """A client of one provider. `silence` and `total` in seconds; `headers` hold the key."""

    def __init__(
        self, name: str, url: str, *, headers: Mapping[str, str], silence: float, total: float
    ) -> None:
        self._name = name
        self._url = url
        self._total = total
        timeout = httpx.Timeout(silence, connect=min(CONNECT_SECONDS, silence))
        # How many runs there are at a time is the worker's to say; a call must not wait for another one's connection.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self._http = httpx.AsyncClient(
            headers=headers, timeout=timeout, limits=limits, trust_env=False, verify=trust_for(url)
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def events(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON of each event of the reply; the word `[DONE]` ends it. Raises ProviderError."""
        async with self._failures_named(), self._http.stream("POST", self._url, json=body) as answer:
            if answer.status_code != 200:
                raise await self._refusal(answer)
            async with aclosing(_data_lines(answer)) as lines:
                async for data in lines:
                    if data == "[DONE]":
                        return
                    yield self._parsed(data)

    @asynccontextmanager
    async def _failures_named(self) -> AsyncIterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise ProviderDown(f"{self._name}: no answer in time") from error
        except httpx.TransportError as error:
            raise ProviderDown(f"{self._name}: the connection broke ({type(error).__name__})") from error

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Ends what is inside after the total time. Raises ProviderDown."""
        try:
            async with asyncio.timeout(self._total) as limit:
                yield
        except TimeoutError as error:
            if limit.expired():
                raise ProviderDown(f"{self._name}: took more than {self._total:g} s") from error
            raise

    def broke_off(self) -> ProviderDown:
        """The reply ended before its end."""
        return ProviderDown(f"{self._name}: the reply broke off")

    def failure(self, kind: object) -> ProviderError:
        """An error that came as an event, amid the reply."""
        return (
            ProviderBusy(f"{self._name}: {_code(kind)}")
            if _busy(kind)
            else ProviderDown(f"{self._name}: {_code(kind)}")
        )

    async def _refusal(self, answer: httpx.Response) -> ProviderError:
        kind = _kind_of(await _start_of(answer))
        message = f"{self._name}: {answer.status_code} {_code(kind)}"
        after = retry_after(answer.headers.get("retry-after"))
        if answer.status_code in {429, 529}:
            return ProviderBusy(message, retry_after=after)
        if answer.status_code >= 500 or answer.status_code in {408, 409, 425}:
            return ProviderDown(message, retry_after=after)
        return ProviderRefused(message)

    def _parsed(self, data: str) -> dict[str, Any]:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ProviderDown(f"{self._name}: an event is not JSON") from error
        if not isinstance(event, dict):
            raise ProviderDown(f"{self._name}: an event is not an object")
        return event


def retry_after(header: str | None) -> float | None:
    """Seconds from now, of the header's number or date; None for anything else."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", header.strip()):
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - utcnow()).total_seconds())
    except (ValueError, TypeError):
        return None


async def _data_lines(answer: httpx.Response) -> AsyncGenerator[str, None]:
    """What stands after `data:`; neither provider breaks an event's data into lines."""
    count = size = 0
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            count, size = count + 1, size + len(line)
            if count > MAX_EVENTS or len(line) > MAX_EVENT or size > MAX_STREAM:
                raise ProviderDown("the reply is too long")
            yield line[5:].strip()


async def _start_of(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_EVENT:
            break
    return content


def _kind_of(content: bytes) -> object:
    try:
        error = orjson.loads(content)["error"]
        return error.get("code") or error.get("type")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None


def _code(kind: object) -> str:
    return kind if isinstance(kind, str) and _CODE.fullmatch(kind) else "without a reason"


def _busy(kind: object) -> bool:
    return kind in {"overloaded_error", "rate_limit_error", "rate_limit_exceeded"}
