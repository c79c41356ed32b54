"""Which applications take a place, and which of their links are shown as such. No database."""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import urlsplit

Status = Literal["pending", "approved", "rejected"]


_CODE: Final = ("javascript:", "vbscript:", "data:")
_SKIPPED: Final = re.compile(r"[\x00-\x20]+")
"""What browsers leave out of an address before they look at its scheme."""


def runs_code(text: str) -> bool:
    """Whether a browser that is led there runs what the text says."""
    return _SKIPPED.sub("", text).casefold().startswith(_CODE)


def link_of(text: str | None) -> str | None:
    """The text if it is an absolute http or https address, which a page may link to; else None."""
    if text is None or len(text.split(maxsplit=1)) != 1:
        return None
    try:
        parts = urlsplit(text)
        is_link = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return text if is_link else None


def takes_place(status: str) -> bool:
    """A pending application holds its place, so that approving it cannot fail."""
    return status != "rejected"


def places_moved(current: str, wanted: Status) -> int:
    """How many places the change takes: 1, 0, or -1 where it frees one."""
    return takes_place(wanted) - takes_place(current)
