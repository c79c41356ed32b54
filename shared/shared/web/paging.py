"""Pages of lists: by number in an envelope, or bare, newest first, with the next page in the headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from shared.schemas.json import JSONBytes, dumps
from shared.schemas.keyset import MAX_ROWS, decode_cursor, encode_cursor, next_links
from shared.schemas.text import RawString
from shared.schemas.types import PlainNumber

MAX_PER_PAGE = 100
# Far beyond any list, and times 100 still within what PostgreSQL takes as an OFFSET.
MAX_PAGE = 10**15
LENIENT: Final = frozenset({"page", "per_page"})
"""No value of them is refused."""


def _lenient(maximum: int) -> WrapValidator:
    def read(value: Any, handler: ValidatorFunctionWrapHandler) -> int | None:
        try:
            number: int = handler(value)
        except ValidationError:
            is_too_large = str(value).strip().lstrip("0").isdecimal()
            return maximum if is_too_large else None
        return number

    return WrapValidator(read)


_Page = Annotated[int, Field(ge=1, le=MAX_PAGE), PlainNumber, _lenient(MAX_PAGE), Query()]
_PerPage = Annotated[int, Field(ge=1, le=MAX_PER_PAGE), PlainNumber, _lenient(MAX_PER_PAGE), Query()]
"""None for what is no such number."""


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page: `page` from 1, `per_page` from 1 to 100."""

    page: int
    per_page: int

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.per_page


def page_query(default: int = 20) -> Any:
    """The dependency that reads `page` and `per_page`: `page: Annotated[PageQuery, page_query(default=12)]`.

    A value that is not a valid number becomes the default, one that is too large the maximum.
    """

    async def read(page: _Page = 1, per_page: _PerPage = default) -> PageQuery:
        return PageQuery(page or 1, per_page or default)

    return Depends(read)


def page_of(
    name: str, items: Sequence[Any], *, total: int, page: int, per_page: int, **extra: Any
) -> dict[str, Any]:
    """The envelope `{<name>: items, total, pages, current_page}`; `extra` adds fields."""
    return {name: items, "total": total, "pages": -(-total // per_page), "current_page": page, **extra}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which part of a list, newest first: `limit` rows with ids below `before`."""

    limit: int
    before: int | None


async def list_query(
    limit: Annotated[int, Field(ge=1, le=MAX_ROWS), PlainNumber, Query()] = MAX_ROWS,
    cursor: Annotated[str | None, RawString(), Query()] = None,
) -> ListQuery:
    """Reads `limit` and `cursor`. Raises InvalidCursor (422)."""
    return ListQuery(limit, decode_cursor(cursor, int)[0] if cursor else None)


Listing = Annotated[ListQuery, Depends(list_query)]


def bare_list(request: Request, query: ListQuery, rows: Sequence[Any], last: int | None) -> JSONBytes:
    """A list without an envelope: the headers Link and X-Next-Cursor lead to the next page, with the same filters.

    `last` is the id after which the next page starts, None at the end.
    """
    cursor = None if last is None else encode_cursor(last)
    filters = [one for one in request.query_params.multi_items() if one[0] not in {"limit", "cursor"}]
    links = next_links(request.scope["path"], cursor, limit=query.limit, filters=filters)
    return JSONBytes(dumps(rows), headers=links)
