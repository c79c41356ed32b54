"""The languages of our texts, without what serves HTTP: a worker loads this too."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["ko", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")
"""The first is for a client that names none of them."""
