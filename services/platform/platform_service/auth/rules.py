"""What a password must be, and in which form it is hashed; no database."""

from __future__ import annotations

import re
import unicodedata

MIN_LENGTH = 8
MAX_LENGTH = 128
# The head of every list of leaked passwords, as far as it is long enough to pass the length rule.
COMMON = frozenset(
    {
        "00000000", "11111111", "12345678", "123456789", "1234567890", "12341234", "123123123", "1q2w3e4r",
        "1q2w3e4r5t", "1qaz2wsx", "66666666", "87654321", "88888888", "987654321", "aaaaaaaa", "abcd1234",
        "asdfasdf", "asdfghjkl", "baseball", "football", "iloveyou", "password", "password1", "princess",
        "q1w2e3r4", "qwer1234", "qwerty123", "qwertyui", "qwertyuiop", "sunshine", "superman", "trustno1",
    }
)  # fmt: skip


_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def prepared(password: str) -> str:
    """The form that is hashed: what one types is the same on every device, whichever code points it sends.

    The preparation of RFC 8265's OpaqueString (4.2.1): every space is U+0020, the whole in NFC; case counts, and
    nothing is stripped. Of the characters that it forbids, only those of control are refused (`password_problem`):
    emoji are written with others, and today's passwords have them.
    """
    if password.isascii():
        return password
    return unicodedata.normalize("NFC", _SPACES.sub(" ", password))


def password_problem(password: str, *, email: str, name: str) -> str | None:
    """Why `password` cannot be chosen by this user, as one sentence; None if it can.

    Length counts characters of what is hashed, not bytes. No rule asks for kinds of characters: those make passwords
    worse.
    """
    password = prepared(password)
    if len(password) < MIN_LENGTH:
        return f"The password needs at least {MIN_LENGTH} characters."
    if len(password) > MAX_LENGTH:
        return f"The password may have at most {MAX_LENGTH} characters."
    if _CONTROL.search(password):
        return "The password must not have control characters."
    folded = _fold(password)
    if folded in COMMON:
        return "This password is among the most common ones."
    if folded in {_fold(email), _fold(email.partition("@")[0]), _fold(name)}:
        return "The password must not be the e-mail address or the name."
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
