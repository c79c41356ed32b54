"""shared.jobs.task."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.jobs import Jobs, Task


async def nothing(_runtime: object, _payload: object) -> None: ...


def test_delays_double_up_to_their_limit_and_vary_by_chance() -> None:
    jobs = Jobs()
    jobs.task("t", first_delay=timedelta(seconds=2), max_delay=timedelta(seconds=30))(nothing)
    task: Task = jobs.tasks["t"]
    for attempts, longest in ((0, 2), (1, 4), (3, 16), (4, 30), (5000, 30)):
        delays = {task.delay(attempts).total_seconds() for _ in range(50)}
        assert longest / 2 <= min(delays) <= max(delays) <= longest
        assert len(delays) > 1


def test_names_are_given_once() -> None:
    jobs = Jobs()
    jobs.task("t")(nothing)
    with pytest.raises(ValueError, match="two tasks named t"):
        jobs.task("t")(nothing)


@pytest.mark.parametrize("cron", ["", "* * * *", "every minute", "* * * * * *"])
def test_a_schedule_needs_five_fields(cron: str) -> None:
    with pytest.raises(ValueError, match="not a cron expression"):
        Jobs().every(cron)
