"""What may be a password, and the queue before the threads that hash."""

from __future__ import annotations

import asyncio
import threading
import time
import unicodedata
from collections.abc import AsyncIterator

import pytest

from platform_service.auth import passwords as module
from platform_service.auth.errors import HashingBusy
from platform_service.auth.passwords import Passwords, password_problem, prepared
from shared import admission
from shared.admission import AdmissionQueue
from testing.metrics import sample
from testing.polling import eventually


@pytest.mark.parametrize(
    "password", ["correct horse", "p" * 128, "나의비밀번호입니다", "  spaces count ", "ÄÖÜäöüßß"]
)
def test_any_characters_will_do_if_there_are_enough(password: str) -> None:
    assert password_problem(password, email="kim@example.com", name="Kim") is None


@pytest.mark.parametrize(
    "password", ["short", "p" * 129, "password", "PASSWORD1", " 12345678 ", "ｐａｓｓｗｏｒｄ"]
)
def test_too_short_too_long_and_too_common_is_refused(password: str) -> None:
    assert password_problem(password, email="kim@example.com", name="Kim")


@pytest.mark.parametrize("password", ["kim.chulsoo", "Kim.Chulsoo@example.com", "KIM CHULSOO"])
def test_the_address_and_the_name_are_refused(password: str) -> None:
    assert password_problem(password, email="kim.chulsoo@example.com", name="Kim Chulsoo")


def test_length_counts_what_is_hashed() -> None:
    decomposed = unicodedata.normalize("NFD", "나의비밀번호")
    assert len(decomposed) > 8
    assert password_problem(decomposed, email="kim@example.com", name="Kim")


def test_a_new_password_has_no_control_character() -> None:
    assert password_problem("correct\thorse", email="kim@example.com", name="Kim")


@pytest.mark.parametrize(
    ("typed", "hashed"),
    [
        ("Correct Horse ", "Correct Horse "),
        (unicodedata.normalize("NFD", "비밀번호 Café"), "비밀번호 Café"),
        ("correct\u00a0horse\u3000battery", "correct horse battery"),
        ("\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"),  # of RFC 8265's examples
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar", "foo bar"),
        ("❤️ forever", "❤️ forever"),
    ],
)
def test_a_password_is_prepared_as_rfc_8265_says(typed: str, hashed: str) -> None:
    assert prepared(typed) == prepared(prepared(typed)) == hashed


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(threads=1, queue=64, memory_kib=8, time_cost=1)
    yield made
    made.close()


async def test_who_would_wait_too_long_is_refused_at_once(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(30):
        await passwords._run(lambda: time.sleep(0.02))
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.1)
    release = threading.Event()
    first = asyncio.create_task(passwords._run(release.wait))
    others = [asyncio.create_task(passwords._run(lambda: None)) for _ in range(40)]
    await asyncio.sleep(0)
    refused = [task for task in others if task.done()]
    assert 30 <= len(refused) <= 37  # about 5 of 20 ms each fit into 100 ms
    for task in refused:
        assert isinstance(task.exception(), HashingBusy)
    release.set()
    await first
    await asyncio.gather(*(task for task in others if task not in refused))


async def test_who_has_waited_too_long_is_not_hashed_for_any_more(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    release = threading.Event()
    first = asyncio.create_task(passwords._run(release.wait))
    hashed: list[str] = []
    waited = sample("password_hash_wait_seconds_count")
    late = asyncio.create_task(passwords._run(lambda: hashed.append("late")))
    started = time.monotonic()

    async def overdue() -> bool:
        return time.monotonic() - started > 0.1

    await eventually(overdue)
    assert sample("password_hashes_waiting") == 1
    release.set()
    await first
    with pytest.raises(HashingBusy):
        await late
    assert not hashed
    assert sample("password_hashes_waiting") == 0
    assert sample("password_hash_wait_seconds_count") == waited + 2, "the first one too, if shortly"


async def test_who_waits_for_a_hash_keeps_no_other_request_out(passwords: Passwords) -> None:
    queue = AdmissionQueue(permits=1)
    token = admission.current.set(queue.take())
    await passwords.hash("correct horse 42")
    admission.current.reset(token)
    assert queue.take() is not None
