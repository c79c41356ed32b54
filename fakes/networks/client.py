"""How tests speak to the fake networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from fakes.networks.oauth import CLIENT, SECRET


def settings_of(url: str) -> Mapping[str, Any]:
    """The settings of sns that lead to the fakes at `url`."""
    return {
        "blog_url": f"{url}/wordpress",
        "instagram_url": f"{url}/instagram",
        "tiktok_url": f"{url}/tiktok",
        "youtube_url": f"{url}/youtube",
        "youtube_oauth_url": f"{url}/youtube/token",
        "youtube_client_id": CLIENT,
        "youtube_client_secret": SECRET,
        "tiktok_client_key": CLIENT,
        "tiktok_client_secret": SECRET,
        "twitter_url": f"{url}/twitter",
        "twitter_client_id": CLIENT,
        "twitter_client_secret": SECRET,
        "default_image_url": f"{url}/media/card.jpg",
        "default_video_url": f"{url}/media/clip.mp4",
    }


class Fakes:
    """What the networks have, and orders for them to misbehave."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def posts(self) -> list[dict[str, Any]]:
        """What is public, in the order in which it became so."""
        found: list[dict[str, Any]] = (await self._http.get("posts")).json()
        return found

    async def contents(self) -> list[str]:
        return [post["content"] for post in await self.posts()]

    async def requests(self, network: str, method: str = "") -> int:
        counted: dict[str, int] = (await self._http.get("requests")).json()
        return sum(count for name, count in counted.items() if name.startswith(f"{network} {method}"))

    async def fault(self, network: str, kind: str, **more: Any) -> None:
        await self._post("faults", {"network": network, "kind": kind, **more})

    async def set(self, **settings: Any) -> None:
        await self._post("settings", settings)

    async def change(self, network: str, post_id: str, **what: Any) -> None:
        await self._post(f"posts/{network}/{post_id}", what)

    async def expire(self, *tokens: str) -> None:
        """From now on nobody is let in with these access tokens."""
        await self._post("expire", {"tokens": tokens})

    async def renewals(self) -> list[str]:
        """The tokens by which access was renewed, in that order."""
        return [given["by"] for given in (await self._http.get("renewals")).json()]

    async def reset(self) -> None:
        await self._post("reset", {})

    async def _post(self, path: str, body: Mapping[str, Any]) -> None:
        (await self._http.post(path, json=body)).raise_for_status()
