"""Bare lists as a client reads them to their end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import httpx

_NEXT: Final = re.compile(r'<([^>]+)>; rel="next"')


async def pages_of(client: httpx.AsyncClient, path: str, headers: Mapping[str, str]) -> list[list[int]]:
    """The ids on each page of a list, as its `Link` headers lead through it."""
    pages: list[list[int]] = []
    following: str | None = path
    while following is not None:
        answer = await client.get(following, headers=headers)
        assert answer.status_code == 200, answer.text
        pages.append([row["id"] for row in answer.json()])
        link = _NEXT.fullmatch(answer.headers.get("link", ""))
        following = link[1] if link else None
    return pages
