"""Pages by number: what a list takes, and the envelope that it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

MAX_PER_PAGE = 100
# Far beyond any list, and times 100 still within what PostgreSQL takes as an OFFSET.
MAX_PAGE = 10**15


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
    """The dependency that reads `page` and `per_page`: `page: Annotated[PageQuery, page_query(default=12)]`."""

    async def read(
        page: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 1,
        per_page: Annotated[int, Query(ge=1, le=MAX_PER_PAGE)] = default,
    ) -> PageQuery:
        return PageQuery(page, per_page)

    return Depends(read)


def page_of(
    name: str, items: Sequence[Any], *, total: int, page: int, per_page: int, **extra: Any
) -> dict[str, Any]:
    """The envelope `{<name>: items, total, pages, current_page}`; `extra` adds fields."""
    return {name: items, "total": total, "pages": -(-total // per_page), "current_page": page, **extra}
