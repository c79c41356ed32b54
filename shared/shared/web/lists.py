"""Bare lists: what a user owns, newest first, in the shape of today's clients, with the way on in the headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import Field

from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import MAX_ROWS, decode_cursor, encode_cursor, next_links
from shared.schemas.types import AsSent, PlainNumber


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of a list, newest first: `limit` rows with ids below `before`."""

    limit: int
    before: int | None


async def list_query(
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS), PlainNumber, Query()] = MAX_ROWS,
    cursor: Annotated[str | None, AsSent(), Query()] = None,
) -> ListQuery:
    """Reads `limit` and `cursor`. Raises InvalidCursor (422)."""
    return ListQuery(limit, decode_cursor(cursor, int)[0] if cursor else None)


Listing = Annotated[ListQuery, Depends(list_query)]


def bare_list(
    request: Request, query: ListQuery, rows: Sequence[Any], last: int | None
) -> JSONBytes:
    """A list without an envelope: the way on, with the same filters, stands in the headers Link and X-Next-Cursor.

    `last` is the id after which the next page starts, None at the end.
    """
    cursor = None if last is None else encode_cursor(last)
    filters = [one for one in request.query_params.multi_items() if one[0] not in {"limit", "cursor"}]
    links = next_links(request.scope["path"], cursor, limit=query.limit, filters=filters)
    return JSONBytes(dumps(rows), headers=links)
