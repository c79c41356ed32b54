"""A network's line, with posts that take places, wait, and come back to it a little late."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sns_service.publishing.rates import AHEAD, MAX_WAIT_FOR_PLACE, Line

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATE = 2.0
"""Seconds: the longest that a job waits in the queue beyond its time, while it is asked for every two seconds."""


class Simulated:
    """All posts ask at once; those that find no place come back when they were told to, up to LATE afterwards."""

    def __init__(self, posts: int, rate: float) -> None:
        self.line = Line(timedelta(seconds=1 / rate), NOW, NOW)
        self.asked: Counter[int] = Counter()
        self.starts: dict[int, datetime] = {}
        late = random.Random(1)  # noqa: S311 - no secret
        asking = [(NOW, post) for post in range(posts)]
        while asking:
            now, post = heapq.heappop(asking)
            self.asked[post] += 1
            wait, granted = self.line.take(now)
            if granted:
                self.starts[post] = now + wait
            else:
                back = now + wait + timedelta(seconds=late.uniform(0, LATE))
                heapq.heappush(asking, (back, post))


def test_posts_start_at_the_rate_and_no_place_stays_free() -> None:
    moments = sorted(Simulated(3000, 100).starts.values())
    assert all(
        second - first >= timedelta(seconds=1 / 100) - timedelta(microseconds=1)
        for first, second in pairwise(moments)
    )
    assert moments[-1] - moments[0] < timedelta(seconds=30.5)


def test_a_post_that_found_no_place_is_told_when_to_ask_again_and_then_has_one() -> None:
    assert max(Simulated(3000, 100).asked.values()) == 2


def test_posts_beyond_the_promises_ask_once_a_minute() -> None:
    minutes, posts = 5, 6000
    asked = Simulated(posts, posts / minutes / 60).asked
    assert (
        sum(asked.values()) / posts < minutes / 2 + 1.5
    )  # half of the time on average, and coming for the place


def test_a_post_waits_no_longer_than_a_minute_for_posts_that_were_called_back() -> None:
    line = Line(timedelta(seconds=1 / 20), NOW, NOW)
    for _ in range(10_000):
        line.take(NOW)
    assert line.take(NOW) == (MAX_WAIT_FOR_PLACE, False)
    assert line.promised_at - NOW <= MAX_WAIT_FOR_PLACE + AHEAD + timedelta(seconds=1 / 20)
    _, granted = line.take(NOW + AHEAD)
    assert granted


def test_places_that_nobody_took_are_not_made_up_for() -> None:
    line = Line(timedelta(seconds=1), NOW - timedelta(hours=1), NOW - timedelta(hours=1))
    assert [line.take(NOW) for _ in range(3)] == [(timedelta(seconds=number), True) for number in range(3)]
