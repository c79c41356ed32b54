"""Passwords: what one must be, in which form it is hashed, and hashing in a few threads with a short queue."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import cached_property, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import Gauge, Histogram

from platform_service.auth.errors import HashingBusy
from shared.admission import release_permit

T = TypeVar("T")
hashes_waiting = Gauge("password_hashes_waiting", "Hashes that wait for a thread.")
hash_wait_seconds = Histogram(
    "password_hash_wait_seconds",
    "Time that a hash waited for a thread, also where it was given up then.",
    buckets=(0.001, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1),
)
NO_PASSWORD = "!"  # noqa: S105 - the hash of accounts that nobody can log in to
RETRY_AFTER_SECONDS = 1
LONGEST_WAIT = 0.3
"""Seconds before a thread begins."""
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


class PasswordCheck(IntEnum):
    """What a hash says of a password; only WRONG is false."""

    WRONG = 0
    RIGHT = 1
    OUTDATED = 2
    """Right, but the hash is the monolith's, of other costs, or of the password as some device sent it: replace it."""


class Passwords:
    """Hashes and verifies outside of the event loop, never more at once than it has threads.

    A hash takes tens of milliseconds of a core and 19 MiB. Who would wait longer than LONGEST_WAIT for a thread gets
    HashingBusy (503) at once, and so does who has waited that long after all, on cores that are busy otherwise: a
    longer queue only does work that nobody waits for any more. `queue` bounds it before a first hash was timed.
    """

    def __init__(self, *, threads: int, queue: int, memory_kib: int, time_cost: int) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._threads = threads
        self._room = threads + queue
        self._pending = 0
        self._seconds = 0.0

    async def hash(self, password: str) -> str:
        """The argon2id hash of `password`, prepared."""
        return await self._run(lambda: self._hasher.hash(prepared(password)))

    async def verify(self, password: str, known_hash: str | None) -> PasswordCheck:
        """Whether `known_hash` is of `password`; None, for a user who does not exist, takes as long and is WRONG.

        Older hashes are of the password as it was sent, which is tried where it differs from the prepared one.
        """
        nobody = known_hash is None or known_hash == NO_PASSWORD
        check = PasswordCheck.WRONG
        for form in dict.fromkeys((prepared(password), password)):
            check = await self._run(partial(self._check, form, None if nobody else known_hash))
            if check:
                return PasswordCheck.OUTDATED if form != prepared(password) else check
        return check

    def close(self) -> None:
        """Let the running hashes finish, start no other."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    @cached_property
    def _decoy(self) -> str:
        """What an unknown e-mail address is verified against, so that it takes as long as a known one."""
        return self._hasher.hash(secrets.token_hex())

    def _check(self, form: str, known_hash: str | None) -> PasswordCheck:
        matches = self._matches(form, self._decoy if known_hash is None else known_hash)
        if known_hash is None or not matches:
            return PasswordCheck.WRONG
        current = known_hash.startswith("$argon2id$") and not self._hasher.check_needs_rehash(known_hash)
        return PasswordCheck.RIGHT if current else PasswordCheck.OUTDATED

    def _matches(self, password: str, known_hash: str) -> bool:
        if not known_hash.startswith("$argon2"):
            # Loaded for those alone who have not logged in since the monolith, in a thread of ours.
            from werkzeug.security import check_password_hash

            return check_password_hash(known_hash, password)
        try:
            return self._hasher.verify(known_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        wait = (self._pending + 1 - self._threads) / self._threads * self._seconds
        if self._pending >= self._room or wait > LONGEST_WAIT:
            raise HashingBusy(retry_after=RETRY_AFTER_SECONDS)
        self._pending += 1
        hashes_waiting.inc()
        release_permit()  # this queue has a bound of its own, and its work is done beside the event loop
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work, time.monotonic())
        # Counted down when the thread is done, not when the caller is: one who gave up still occupies it.
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _timed(self, work: Callable[[], T], since: float) -> T:
        started = time.monotonic()
        hashes_waiting.dec()
        hash_wait_seconds.observe(started - since)
        if started - since > LONGEST_WAIT:
            raise HashingBusy(retry_after=RETRY_AFTER_SECONDS)
        result = work()
        self._seconds += (time.monotonic() - started - self._seconds) / 10
        return result

    def _done(self, _: object) -> None:
        self._pending -= 1
