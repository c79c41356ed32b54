"""Calls to networks: what an answer, or its absence, means for a post; and how many calls there are at a time.

Who takes a network's time leaves some to others: an author's own site may see to it that a post takes minutes.
"""

from __future__ import annotations

import asyncio
import email.utils
import zlib
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from datetime import UTC
from typing import Any, Final, TypeVar

import httpx

from shared.observability.http_client import TARGET
from shared.observability.logging import redact
from shared.schemas.dates import utcnow
from sns_service.networks.errors import (
    Busy,
    NetworkError,
    NoAnswer,
    Refused,
    TokenRejected,
    Unavailable,
    Working,
)

CONNECT_SECONDS: Final = 5.0
DEFAULT_WAIT: Final = 30.0
"""After a 429 that does not say how long."""
LONGEST_WAIT: Final = 24 * 3600.0
MAX_REASON: Final = 400
MAX_READ: Final = 20_000
"""So much of what a site says is searched for secrets, longer than any of them."""
MAX_BYTES: Final = 1024 * 1024
"""Of an answer: users name the sites that answer."""
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError)
"""What comes of looking for a network's own error in a body that is of somebody else."""
RESUME_INCOMPLETE: Final = ("PUT", 308)
"""Not a redirect here: Google answers it while an upload continues."""
NEVER_SENT: Final = (httpx.ConnectError, httpx.UnsupportedProtocol)
T = TypeVar("T")
Complaint = Callable[[httpx.Response], str]
Reading = Callable[[httpx.Response, str], NetworkError | None]
AGAIN_SECONDS: Final = 1.0
"""When to ask again, at first: who has waited for longer asks less often."""


def short_reason(said: str) -> str:
    """What a network says, short and without secrets."""
    return redact(said[:MAX_READ])[:MAX_REASON]


def by_status(_answer: httpx.Response, _said: str) -> NetworkError | None:
    """For networks whose errors are told apart by their status alone."""
    return None


_TARGETS: Final = {"X": "twitter"}
"""What metrics call a network, where that is not its name: as our API does."""


class Caller:
    """Calls one network. `complaint` reads what it says in an error's body, `reading` what it means by its codes."""

    def __init__(
        self, http: httpx.AsyncClient, name: str, complaint: Complaint, reading: Reading = by_status
    ) -> None:
        self.http = http
        self._name = name
        self._extensions = {TARGET: _TARGETS.get(name, name.lower())}
        self._complaint = complaint
        self._reading = reading

    async def call(
        self, method: str, url: str, *, publishes: bool = False, seconds: float | None = None, **content: Any
    ) -> httpx.Response:
        """The answer, below 400. `publishes`: the post may be public once this was sent. `seconds`: for all of it.

        Raises Refused (TokenRejected for 401), Busy, Unavailable or, only for what publishes, NoAnswer.
        """
        auth = content.pop("auth", httpx.USE_CLIENT_DEFAULT)
        request = self._request(method, url, content)
        try:
            async with asyncio.timeout(seconds or self._total_seconds):
                answer = await self._ask(request, auth)
        except NEVER_SENT as error:
            raise Unavailable(f"{self._name} cannot be reached: {_short(error)}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._lost(publishes, f"{self._name} did not answer, or its answer broke off.") from error
        if answer.has_redirect_location and (method, answer.status_code) != RESUME_INCOMPLETE:
            where = _short(answer.headers["location"])
            raise Refused(f"{self._name} redirects to {where}", code="bad_address")
        if answer.status_code < 400:
            return answer
        raise self._error(answer, publishes=publishes)

    @property
    def _total_seconds(self) -> float:
        """The client's own times are each for a part of an answer, of which there may be many."""
        return CONNECT_SECONDS + (self.http.timeout.read or 0)

    def _request(self, method: str, url: str, content: Mapping[str, Any]) -> httpx.Request:
        """Raises Refused for an invalid address: only here, where nothing is sent yet."""
        try:
            return checked(self.http.build_request(method, url, extensions=self._extensions, **content))
        except (httpx.InvalidURL, UnicodeError) as error:
            raise Refused(f"{self._name}: not an address: {_short(error)}", code="bad_address") from error

    async def _ask(self, request: httpx.Request, auth: Any) -> httpx.Response:
        """The answer, with as much of its body as one may have."""
        async with aclosing(await self.http.send(request, stream=True, auth=auth)) as answer:
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > MAX_BYTES:
                    break
        content = _unpacked(bytes(body), answer.headers.get("content-encoding", ""))
        return httpx.Response(
            answer.status_code, headers=_plain(answer.headers), content=content, request=request
        )

    def read(self, answer: httpx.Response, reader: Callable[[Any], T], *, publishes: bool = False) -> T:
        """What `reader` finds in the answer's JSON. Raises Unavailable or NoAnswer where it is not there."""
        try:
            return reader(answer.json())
        except UNREADABLE as error:
            raise self._lost(
                publishes, f"{self._name} gave an answer that could not be understood"
            ) from error

    def _error(self, answer: httpx.Response, *, publishes: bool) -> NetworkError:
        status, said = answer.status_code, self._said(answer)
        if status < 500 and (meant := self._read(answer, said)):
            return meant
        if status == 429 or (status == 503 and "retry-after" in answer.headers):
            busy = Busy(said, retry_after=retry_after(answer))
            # A cache before a site says so itself where the site did not answer in time, and may have done it all.
            busy.may_be_public = publishes and status == 503
            return busy
        if status >= 500 or status == 408:
            return self._lost(publishes, said)
        if status == 401:
            return TokenRejected(said)
        return Refused(said, code="credentials_rejected" if status == 403 else "refused")

    def _read(self, answer: httpx.Response, said: str) -> NetworkError | None:
        try:
            return self._reading(answer, said)
        except UNREADABLE:
            return None

    def _said(self, answer: httpx.Response) -> str:
        try:
            complaint = self._complaint(answer)
        except UNREADABLE:
            complaint = ""
        return short_reason(
            f"{self._name} answered {answer.status_code}: {complaint or answer.reason_phrase}"
        )

    @staticmethod
    def _lost(publishes: bool, reason: str) -> NetworkError:
        return NoAnswer(reason) if publishes else Unavailable(reason)


def checked(request: httpx.Request) -> httpx.Request:
    """The request. Raises UnicodeError where its host cannot be looked up: later it would not be told apart from what
    goes wrong once something was sent."""
    request.url.raw_host.decode().encode("idna")
    return request


def retry_after(answer: httpx.Response, *, default: float = DEFAULT_WAIT) -> float:
    """The seconds of Retry-After, which may be a number or a date; `default` where it is neither."""
    given = answer.headers.get("retry-after", "").strip()
    try:
        if given.isascii() and given.isdigit():
            seconds = float(given)
        else:
            moment = email.utils.parsedate_to_datetime(given)
            seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - utcnow()).total_seconds()
    except (ValueError, OverflowError):
        seconds = default
    return min(max(seconds, 0.0), LONGEST_WAIT)


class ConcurrencyLimit:
    """`most` at a time, and `of_one` of one owner."""

    def __init__(self, *, most: int, of_one: int) -> None:
        self._most = most
        self._of_one = of_one
        self._taken = Counter[Hashable]()

    @contextmanager
    def place(self, owner: Hashable) -> Iterator[None]:
        """One place. Raises Working where there is none."""
        if self._taken[owner] >= self._of_one or self._taken.total() >= self._most:
            raise Working("Other posts are being sent first.", retry_after=AGAIN_SECONDS)
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


def _plain(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    """Byte by byte, without what they say of how the body came."""
    came = {b"content-encoding", b"transfer-encoding", b"content-length"}
    return [(name, value) for name, value in headers.raw if name.lower() not in came]


def _unpacked(body: bytes, encoding: str) -> bytes:
    """As much of a body as one may have, of a server that compresses though it was asked not to."""
    if encoding.lower() not in {"gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, MAX_BYTES)
    except zlib.error:
        return body


def _short(error: Exception | str) -> str:
    return short_reason(str(error) or type(error).__name__)[:200]
