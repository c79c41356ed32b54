"""E-mail addresses: which ones are valid, and which spellings are one address."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

import idna
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from shared.schemas.text import Name, hidden

MAX_LENGTH: Final = 254
_LOCAL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")
_LABEL: Final = re.compile(r"[^\W_]([\w-]{0,61}[^\W_])?")
_NOBODYS: Final = "invalid"
"""No domain ends in it, now or later (RFC 6761)."""
_DOTTED: Final = re.compile("i\u0307+")
_UNKNOWN: Final = frozenset({"Cn", "Co", "Cs"})
"""Of code points that a later Unicode or nobody defines, nobody can say today what they will be equal to."""


def fold_address(address: str) -> str:
    """The form in which all spellings of one address are equal; it accepts any text, since users may type anything.

    It ignores case, width and composition, and whether the domain is written in Unicode or as `xn--`. `İ` and `i` are
    one, as they always were to the database, and so is `i` with a dot of its own above. PostgreSQL's function
    `fold_address` (platform's migrations) does the same with stored addresses, whose domains are in Unicode; a test
    compares the two.
    """
    return _fold(unicode_domain(_fold(address.strip())))


def unicode_domain(address: str) -> str:
    """The address with its domain in Unicode; unchanged if its domain is invalid."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{_in_letters(domain)}"
    except idna.IDNAError:
        return address


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", _DOTTED.sub("i", text))


def _in_letters(domain: str) -> str:
    """The domain with every `xn--` label in Unicode (UTS 46, IDNA 2008). Raises IDNAError if it is not a domain."""
    if domain.isascii() and "xn--" not in domain.lower():
        return domain
    return idna.decode(idna.encode(domain, uts46=True))


def _checked(value: str) -> str:
    _all_is_seen(value)
    local, _, domain = value.rpartition("@")
    try:
        domain = _in_letters(domain)
    except idna.IDNAError:
        raise _wrong() from None
    labels = domain.split(".")
    if not _LOCAL.fullmatch(local) or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise _wrong()
    address = f"{local}@{domain}"
    if len(address) > MAX_LENGTH or any(unicodedata.category(character) in _UNKNOWN for character in address):
        raise _wrong()
    _all_is_seen(address)  # once more, for what `xn--` hid
    if labels[-1].lower() == _NOBODYS:
        raise PydanticCustomError("email", "An address cannot end in .invalid")
    return address


def _all_is_seen(address: str) -> None:
    """Refuses joiners too, which a Name may have: they would make another account that looks the same."""
    if character := hidden(address, but_needed=False):
        raise PydanticCustomError(
            "hidden_character", "Contains an invisible character, {character}", {"character": character}
        )


def _wrong() -> PydanticCustomError:
    return PydanticCustomError("email", "Not an e-mail address")


Email = Annotated[str, Name(3, MAX_LENGTH), AfterValidator(_checked)]
"""An address as its owner typed it, but composed, and with its domain in letters; whether it exists, only a mail can
tell."""
