"""Text of a request: how it is processed (`Text`, `Name`, `UnnormalizedText` or `RawString`), when two texts look the
same, whether anything of it is visible, and the languages of our own texts.

`é` may be sent as one code point or as two, depending on the sender's keyboard and system. Composed (NFC), both are
one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

Language = Literal["ko", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("ko", "en")
"""Those of our own texts; the first is for a client that names none of them."""

MOST_MARKS: Final = 30
"""Combining marks in a row, as in UAX #15's Stream-Safe Text: more is no language's, and sorting them takes time that
grows with their square."""

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) and what else leaves no ink: the anchors of annotations
# and of embedded objects, what joins hieroglyphs and their blanks, the blank pattern of Braille, the null notehead, the
# filler of Khitan.
_NO_INK: Final = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U00013430-\U00013442\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U00016fe4"
    r"\U000e0000-\U000e0fff"
)
_INK: Final = re.compile(rf"[^\s{_NO_INK}]")
_NOT_ALONE: Final = frozenset({"Mn", "Mc", "Me", "Cn", "Co", "Cs"})
"""Categories of what nobody can read when nothing else is there: marks of no letter, and what no font need have."""
_EMOJI: Final = re.compile(r"[\U0001f000-\U0001faff]")
"""All of these are emoji (Extended_Pictographic), those too that only a later Unicode than Python's defines."""
_HIDDEN: Final = re.compile(rf"[{_NO_INK}]")
# Words and emoji are written with them: joiners, the marks of a direction (not those that override it), variation
# selectors, the tags of flags.
_NEEDED: Final = re.compile(
    r"[\u200c-\u200f\u061c\u180b-\u180f\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)


def composed(text: str) -> str:
    """The text in NFC. Takes time with the square of the marks in a row: ask `too_many_marks` before."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def too_many_marks(text: str) -> bool:
    """Whether more than `MOST_MARKS` combining marks follow each other."""
    if text.isascii():
        return False
    return any(_longest_pile(found.group()) > MOST_MARKS for found in _runs().finditer(text))


def is_visible(text: str) -> bool:
    """Whether anything is visible: not only spaces, fillers, joiners, marks without a letter and the like."""
    if text.isascii():  # as most are, and long lists of them are to be read quickly
        return _INK.search(text) is not None
    return any(_stands_alone(found.group()) for found in _INK.finditer(text))


def hidden(text: str, *, but_needed: bool = True) -> str | None:
    """The first invisible character, as `U+200B`; None without one. `but_needed`: except those that words and emoji are
    written with."""
    if text.isascii():
        return None
    for found in _HIDDEN.finditer(text):
        if not (but_needed and _NEEDED.match(found.group())):
            return f"U+{ord(found.group()):04X}"
    return None


def _stands_alone(character: str) -> bool:
    return unicodedata.category(character) not in _NOT_ALONE or _EMOJI.match(character) is not None


def _longest_pile(run: str) -> int:
    return max(sum(marks) for marks in (list(group) for _, group in groupby(map(_is_mark, run))))


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0


@cache
def _runs() -> re.Pattern[str]:
    """Where too many marks in a row may be. Beyond U+FFFF every character counts: `re` would take a hundred times as
    long for the many ranges there."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.combining(chr(code)))
    mark = rf"[{marks}\U00010000-\U0010ffff]"
    # The first one stands alone, since only so re looks for it quickly.
    return re.compile(f"{mark}{mark}{{{MOST_MARKS},}}")


# Everything below space but newline and tab, DEL, and the C1 block: PostgreSQL refuses NUL, the rest no form sends.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Text:
    """Marks a string field: `bio: Annotated[str, Text(0, 4000)]`, lengths in characters of the text as it is stored.

    It is stored composed (NFC) and stripped; where `min` is not 0, something must be visible. Refuses control
    characters except newline and tab (a CR LF becomes a newline), lone surrogates, and piles of combining marks.
    """

    min: int
    max: int

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        text = core_schema.str_schema(strip_whitespace=True, min_length=self.min, max_length=self.max)
        checked = core_schema.no_info_after_validator_function(self.check, text)
        return core_schema.no_info_before_validator_function(self.prepare, checked)

    def prepare(self, value: Any) -> Any:
        """What is measured and kept."""
        if not isinstance(value, str) or value.isascii():
            return value
        if too_many_marks(value):
            raise PydanticCustomError(
                "combining_marks", "More than {most} combining marks in a row", {"most": MOST_MARKS}
            )
        return composed(value)

    def check(self, value: str) -> str:
        """The value, or what is wrong with it."""
        value = _printable(value)
        if self.min and not is_visible(value):
            raise PydanticCustomError("invisible", "Contains no visible character")
        return value


@dataclass(frozen=True, slots=True)
class Name(Text):
    """Marks a text that people tell apart by looking at it: names, titles, places, categories.

    It also refuses invisible characters that would make another name of it: zero-width spaces, fillers, direction
    overrides. Joiners and variation selectors stay, since languages and emoji are written with them.
    """

    def check(self, value: str) -> str:
        """The value, or what is wrong with it."""
        value = Text.check(self, value)
        if character := hidden(value):
            raise PydanticCustomError(
                "hidden_character", "Contains an invisible character, {character}", {"character": character}
            )
        return value


@dataclass(frozen=True, slots=True)
class UnnormalizedText(Text):
    """Marks a text that another system interprets: an address, a user's name at a network. It is not composed."""

    def prepare(self, value: Any) -> Any:
        """As it came."""
        return value


class RawString:
    """Marks a string that is compared or parsed exactly as it was sent: a secret, a token, a cursor, a signed body."""


def _printable(value: str) -> str:
    if _CONTROL.search(value) is None:
        return value
    value = value.replace("\r\n", "\n")
    if _CONTROL.search(value):
        raise PydanticCustomError("control_character", "Contains a control character")
    return value
