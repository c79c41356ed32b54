from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine

import pytest
from prometheus_client import REGISTRY

from shared import admission
from shared.admission import AdmissionQueue, Overloaded, Permit
from testing.polling import eventually


def taken(queue: AdmissionQueue, count: int) -> list[Permit]:
    permits = [queue.take() for _ in range(count)]
    return [permit for permit in permits if permit is not None]


async def waiting(queue: AdmissionQueue, count: int) -> list[asyncio.Task[Permit]]:
    tasks = [asyncio.create_task(queue.wait()) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def test_there_are_as_many_permits_as_said_and_each_comes_back_once() -> None:
    queue = AdmissionQueue(permits=2)
    first, second = taken(queue, 2)
    assert queue.take() is None
    first.release()
    first.release()
    assert queue.take() is not None
    assert queue.take() is None
    second.release()


async def test_who_waits_is_let_in_in_order() -> None:
    queue = AdmissionQueue(permits=1)
    (permit,) = taken(queue, 1)
    earlier, later = await waiting(queue, 2)
    assert queue.take() is None
    permit.release()
    following = await earlier
    assert not later.done()
    following.release()
    (await later).release()
    assert queue.take() is not None


async def test_nobody_waits_longer_than_a_burst_lasts_also_while_nothing_moves() -> None:
    queue = AdmissionQueue(permits=1)
    (permit,) = taken(queue, 1)
    started = time.monotonic()
    for outcome in await asyncio.gather(*await waiting(queue, 5), return_exceptions=True):
        assert isinstance(outcome, Overloaded)
        assert outcome.headers["Retry-After"] == "1"
    assert time.monotonic() - started < admission.BURST_SECONDS * 3
    permit.release()
    assert queue.take() is not None


async def test_a_queue_that_stands_is_an_overload_and_kept_short(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(admission, "monotonic", lambda: now)
    monkeypatch.setattr(admission, "WAITING_PER_PERMIT", 1000)
    monkeypatch.setattr(admission, "TICK_SECONDS", 60.0)  # of real time, which is another one here
    queue = AdmissionQueue(permits=1)
    at_work = taken(queue, 1)
    lengths: list[int] = []

    async def arrive() -> None:
        at_work.append(await queue.wait())

    async with asyncio.TaskGroup() as group:
        for _ in range(500):  # two arrive in the 2 ms that one takes
            for _ in range(2):
                group.create_task(_refused_or(arrive()))
                now += 0.001
                await asyncio.sleep(0)
            at_work.pop(0).release()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            lengths.append(len(queue))
        while at_work:
            at_work.pop(0).release()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    burst, overload = max(lengths[:100]), max(lengths[200:])
    assert overload <= admission.OVERLOAD_SECONDS / 0.002 + 1 < burst <= admission.BURST_SECONDS / 0.002


async def _refused_or(work: Coroutine[None, None, None]) -> None:
    with contextlib.suppress(Overloaded):
        await work


async def test_a_late_event_loop_is_nobodys_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(admission, "monotonic", lambda: now)
    queue = AdmissionQueue(permits=1)
    (permit,) = taken(queue, 1)
    (waits,) = await waiting(queue, 1)
    now += 2 * admission.BURST_SECONDS
    queue._tick(now - 2 * admission.BURST_SECONDS)
    permit.release()
    (await waits).release()


async def test_refusals_are_counted_and_logged_together(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(admission, "REPORT_SECONDS", 0.01)
    monkeypatch.setattr(admission, "BURST_SECONDS", 0.0)
    before = REGISTRY.get_sample_value("http_requests_refused_total") or 0
    queue = AdmissionQueue(permits=1)
    taken(queue, 1)
    await asyncio.gather(*await waiting(queue, 3), return_exceptions=True)
    assert REGISTRY.get_sample_value("http_requests_refused_total") == before + 3

    async def reported() -> bool:
        return "overloaded: 3 requests refused" in caplog.text

    await eventually(reported)


async def test_who_waits_for_somebody_outside_keeps_no_other_one_out() -> None:
    queue = AdmissionQueue(permits=1)
    (permit,) = taken(queue, 1)
    token = admission.current.set(permit)
    admission.release_permit()
    admission.current.reset(token)
    assert queue.take() is not None
    permit.release()
    assert queue.take() is None


async def test_who_gives_up_while_waiting_takes_no_permit_along() -> None:
    queue = AdmissionQueue(permits=1)
    (permit,) = taken(queue, 1)
    (impatient,) = await waiting(queue, 1)
    permit.release()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    assert queue.take() is not None
