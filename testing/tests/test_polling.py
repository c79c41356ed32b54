"""testing.eventually."""

from __future__ import annotations

import pytest

from testing import always, eventually


async def test_it_answers_with_the_first_answer_that_is_good() -> None:
    answers = iter([0, 0, 3, 4])

    async def probe() -> int:
        return next(answers)

    assert await eventually(probe, every=0.001) == 3


async def test_a_failing_assertion_means_not_yet() -> None:
    tries = []

    async def probe() -> bool:
        tries.append(1)
        assert len(tries) > 2
        return True

    assert await eventually(probe, every=0.001)


async def test_it_gives_up_in_time_and_says_what_it_saw() -> None:
    async def probe() -> list[str]:
        return []

    with pytest.raises(AssertionError, match=r"not within 0\.01 s; last: \[\]"):
        await eventually(probe, within=0.01, every=0.001)


async def test_what_stops_holding_is_seen_while_it_does_not() -> None:
    answers = iter([True, False, True])

    async def probe() -> bool:
        return next(answers)

    with pytest.raises(AssertionError, match="no longer true"):
        await always(probe, during=5, every=0.001)


async def test_what_holds_all_the_time_is_good() -> None:
    async def probe() -> bool:
        return True

    await always(probe, during=0.01, every=0.001)
