"""What a password must be, and how an e-mail address is compared; no database."""

from __future__ import annotations

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


def email_key(email: str) -> str:
    """The form in which two spellings of one address are equal: whatever their case."""
    return email.strip().lower()


def password_problem(password: str, *, email: str, name: str) -> str | None:
    """Why `password` cannot be chosen by this user, as one sentence; None if it can.

    Length counts characters, not bytes. No rule asks for kinds of characters: those make passwords worse.
    """
    if len(password) < MIN_LENGTH:
        return f"The password needs at least {MIN_LENGTH} characters."
    if len(password) > MAX_LENGTH:
        return f"The password may have at most {MAX_LENGTH} characters."
    folded = _fold(password)
    if folded in COMMON:
        return "This password is among the most common ones."
    if folded in {_fold(email), _fold(email.partition("@")[0]), _fold(name)}:
        return "The password must not be the e-mail address or the name."
    return None


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()
