"""All fake networks in one ASGI app, and the misbehaviour that lies around them."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from fakes.networks.control import Control
from fakes.networks.instagram import Instagram
from fakes.networks.media import media
from fakes.networks.oauth import OAuth
from fakes.networks.state import Fault, State
from fakes.networks.tiktok import TikTok
from fakes.networks.twitter import Twitter
from fakes.networks.wordpress import WordPress
from fakes.networks.youtube import YouTube


class Networks:
    """The app: `/wordpress`, `/instagram`, `/tiktok`, `/youtube`, `/twitter`, `/media` and `/_fake`."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State()
        tokens = OAuth(self.state).routes()
        self._app = Starlette(
            routes=[
                Mount("/_fake", routes=Control(self.state).routes()),
                Mount("/wordpress", routes=WordPress(self.state).routes()),
                Mount("/instagram", routes=[*tokens["instagram"], *Instagram(self.state).routes()]),
                Mount("/tiktok", routes=[*tokens["tiktok"], *TikTok(self.state).routes()]),
                Mount("/youtube", routes=[*tokens["youtube"], *YouTube(self.state).routes()]),
                Mount("/twitter", routes=[*tokens["twitter"], *Twitter(self.state).routes()]),
                Route("/media/{name}", media),
            ]
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        network = scope["path"].split("/")[1]
        if network in {"_fake", "media"}:
            return await self._app(scope, receive, send)
        counted = f"{network} {scope['method']} {scope['path'].removeprefix(f'/{network}')}"
        self.state.requests[counted] = self.state.requests.get(counted, 0) + 1
        fault = self.state.fault(network, scope["method"], scope["path"])
        await asyncio.sleep(self.state.before + (fault.seconds if fault else 0))
        if fault and fault.kind in {"status", "drop_before"}:
            return await self._misbehave(fault, scope, receive, send)
        answer = _Held()
        await self._app(scope, receive, answer)
        await asyncio.sleep(self.state.after)
        if fault and fault.kind == "drop_after":
            return await _break(send)
        for message in answer.messages:
            await send(message)
        return None

    async def _misbehave(self, fault: Fault, scope: Any, receive: Any, send: Any) -> None:
        if fault.kind == "drop_before":
            return await _break(send)
        headers = fault.headers | ({"Retry-After": fault.retry_after} if fault.retry_after else {})
        answer = JSONResponse(
            {"error": {"message": "as ordered"}} if fault.body is None else fault.body,
            fault.status,
            headers=headers,
        )
        return await answer(scope, receive, send)


class _Held:
    """Keeps an answer until it may go."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)


async def _break(send: Any) -> None:
    """Begins an answer that never ends: the server closes the connection, and the client has lost it."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
