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

from ai_service.providers.errors import (
    ProviderBusy,
    ProviderDown,
    ProviderError,
    ProviderGarbled,
    ProviderRefused,
)
from ai_service.providers.provider import Meter
from ai_service.providers.sse import EventDecoder, EventTooLong
from shared.observability.http_client import ObservedClient
from shared.schemas.dates import utcnow
from shared.tls import context_for

CONNECT_SECONDS: Final = 5.0
MAX_EVENT: Final = 1_000_000
MAX_STREAM: Final = 50_000_000
MAX_EVENTS: Final = 200_000
"""More than any reply has: a provider gone mad must not fill our memory."""
BUSY: Final = frozenset({"overloaded_error", "rate_limit_error", "rate_limit_exceeded"})
FINAL: Final = frozenset(
    {
        "authentication_error", "billing_error", "billing_hard_limit_reached", "context_length_exceeded",
        "insufficient_quota", "invalid_api_key", "invalid_request_error", "model_not_found", "not_found_error",
        "permission_error", "request_too_large",
    }
)  # fmt: skip
"""What asking again does not change, whatever status it comes with: OpenAI says 429 of a quota that is used up."""
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
        self._http = ObservedClient(
            name.lower(),
            headers=headers,
            timeout=timeout,
            limits=limits,
            trust_env=False,
            verify=context_for(url),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def events(self, body: Mapping[str, Any], meter: Meter) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON of each event of the reply; the word `[DONE]` ends it. Raises ProviderError."""
        async with self._answer(body, meter) as answer, aclosing(self._data(answer)) as events:
            async for data in events:
                if data == "[DONE]":
                    return
                if data:
                    yield self._parsed(data)

    @asynccontextmanager
    async def _answer(self, body: Mapping[str, Any], meter: Meter) -> AsyncIterator[httpx.Response]:
        """The answer, once a stream begins. The meter runs from then on, and while a model is silent for too long."""
        answered = False
        meter.ask()
        try:
            async with self._http.stream("POST", self._url, json=body) as answer:
                answered = True
                await self._admit(answer, meter)
                yield answer
        except httpx.RequestError as error:
            if not answered and not isinstance(error, httpx.ReadTimeout):
                meter.waive()
            if isinstance(error, httpx.TimeoutException):
                raise ProviderDown(f"{self._name}: no answer in time") from error
            raise ProviderDown(f"{self._name}: the connection broke ({type(error).__name__})") from error

    async def _admit(self, answer: httpx.Response, meter: Meter) -> None:
        """Raises ProviderError if the answer is not a stream: an error, or a whole reply, which has been paid for."""
        if answer.status_code != 200:
            meter.waive()
            raise await self._refusal(answer)
        if answer.headers.get("content-type", "").lower().startswith(("application/json", "text/html")):
            content = await _start_of(answer)
            meter.wrote(content.decode("utf-8", "replace"))
            raise ProviderGarbled(f"{self._name}: answered without streaming ({_code(_kind_of(content))})")

    async def _data(self, answer: httpx.Response) -> AsyncGenerator[str, None]:
        """Each event's data."""
        decoder, count, size = EventDecoder(max_event=MAX_EVENT), 0, 0
        try:
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                for data in decoder.feed(chunk):
                    count += 1
                    if count > MAX_EVENTS or size > MAX_STREAM:
                        raise EventTooLong
                    yield data.strip()
        except EventTooLong as error:
            raise ProviderGarbled(f"{self._name}: the reply is too long") from error

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

    def failure(self, error: object) -> ProviderError:
        """An error that came as an event, amid the reply."""
        kind = error_kind(error)
        message = f"{self._name}: {_code(kind)}"
        if kind in BUSY:
            return ProviderBusy(message)
        return ProviderRefused(message) if kind in FINAL else ProviderDown(message)

    async def _refusal(self, answer: httpx.Response) -> ProviderError:
        kind = _kind_of(await _start_of(answer))
        message = f"{self._name}: {answer.status_code} {_code(kind)}"
        after = retry_after(answer.headers.get("retry-after"))
        if kind in FINAL:
            return ProviderRefused(message)
        if answer.status_code in {429, 529}:
            return ProviderBusy(message, retry_after=after)
        if answer.status_code >= 500 or answer.status_code in {408, 409, 425}:
            return ProviderDown(message, retry_after=after)
        return ProviderRefused(message)

    def _parsed(self, data: str) -> dict[str, Any]:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ProviderGarbled(f"{self._name}: an event is not JSON") from error
        if not isinstance(event, dict):
            raise ProviderGarbled(f"{self._name}: an event is not an object")
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


async def _start_of(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_EVENT:
            break
    return content


def _kind_of(content: bytes) -> str | None:
    try:
        return error_kind(orjson.loads(content)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None


def error_kind(error: object) -> str | None:
    """The code of an error object, else its type; some servers have a number for a code."""
    found = [error.get("code"), error.get("type")] if isinstance(error, dict) else []
    return next((kind for kind in found if isinstance(kind, str)), None)


def _code(kind: str | None) -> str:
    return kind if kind is not None and _CODE.fullmatch(kind) else "without a reason"
