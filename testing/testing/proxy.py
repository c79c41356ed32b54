"""A TCP proxy before a server, for what a stopped server cannot show: one that is reached and does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from shared.tasks import cancel_and_wait

PIECE = 64 * 1024


class HoldingProxy:
    """Passes everything on, until it is told to hold it; what is held arrives when it is let go again."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._questions, self._answers = asyncio.Event(), asyncio.Event()
        self._last_words: bytes | None = None
        self._links: set[asyncio.Task[None]] = set()
        self.url = ""
        """The server's URL, by way of this proxy."""

    @classmethod
    @asynccontextmanager
    async def before(cls, url: str) -> AsyncIterator[Self]:
        """A proxy before the server of `url`."""
        proxy = cls(url)
        server = await asyncio.start_server(proxy._link, "127.0.0.1", 0)
        user, at, _ = proxy._target.netloc.rpartition("@")
        place = f"{user}{at}127.0.0.1:{server.sockets[0].getsockname()[1]}"
        proxy.url = urlunsplit(proxy._target._replace(netloc=place))
        proxy.let_go()
        try:
            yield proxy
        finally:
            server.close()
            await cancel_and_wait(*proxy._links)

    def hold(self) -> None:
        """From now on nothing passes, in either direction."""
        self._questions.clear()
        self._answers.clear()

    def hold_answers_after(self, words: bytes) -> None:
        """The next question with these words in it still arrives; its answer does not, and nothing after it."""
        self._last_words = words

    def let_go(self) -> None:
        """Everything passes, first what was held."""
        self._last_words = None
        self._questions.set()
        self._answers.set()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        from_server, to_server = await asyncio.open_connection(self._target.hostname, self._target.port)
        ways = [
            asyncio.create_task(self._pass_on(reader, to_server, self._questions)),
            asyncio.create_task(self._pass_on(from_server, writer, self._answers)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel_and_wait(*ways)
            for side in (writer, to_server):
                side.close()
            self._links.discard(task)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may_pass: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await may_pass.wait()
                if may_pass is self._questions and self._last_words is not None and self._last_words in piece:
                    self.hold()
                writer.write(piece)
                await writer.drain()
