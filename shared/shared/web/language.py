"""In which of our languages a client is answered: Korean, unless its Accept-Language prefers English."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Header

from shared.schemas.text import LANGUAGES, Language, RawString

VARY: Final = "Accept-Language"
"""The Vary header of answers whose texts depend on the language: caches keep one per language."""
_LONGEST: Final = 1000
"""Characters that are read; people's lists are shorter."""


def language_of(accept_language: str | None) -> Language:
    """The language of highest quality (RFC 9110, 12.5.4); if one is named twice, the higher counts. `*` is any language
    that the header does not name."""
    named = dict(sorted(_range(part) for part in (accept_language or "")[:_LONGEST].split(",")))
    quality = {language: named.get(language, named.get("*", 0.0)) for language in LANGUAGES}
    return max(LANGUAGES, key=quality.__getitem__)


def _range(part: str) -> tuple[str, float]:
    """`en-US;q=0.8` as en and 0.8; what cannot be read is not wanted."""
    tag, *parameters = part.split(";")
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.strip().lower().partition("=")
        if name.strip() == "q":
            quality = _quality(value.strip())
    return tag.strip().partition("-")[0].lower(), quality


def _quality(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 0.0


async def _asked_for(
    accept_language: Annotated[
        str | None, RawString(), Header(description="ko (the default) or en: the language of the texts")
    ] = None,
) -> Language:
    return language_of(accept_language)


AskedLanguage = Annotated[Language, Depends(_asked_for)]
"""The language of an endpoint's texts. Its answer says `Vary: Accept-Language`."""
