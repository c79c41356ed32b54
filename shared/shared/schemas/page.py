"""Pages by number: what a list takes, and the envelope that it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Query
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

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

    What is no such number becomes the default, and what is too large the maximum.
    """

    async def read(page: _Page = 1, per_page: _PerPage = default) -> PageQuery:
        return PageQuery(page or 1, per_page or default)

    return Depends(read)


def page_of(
    name: str, items: Sequence[Any], *, total: int, page: int, per_page: int, **extra: Any
) -> dict[str, Any]:
    """The envelope `{<name>: items, total, pages, current_page}`; `extra` adds fields."""
    return {name: items, "total": total, "pages": -(-total // per_page), "current_page": page, **extra}
