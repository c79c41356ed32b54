"""Every pair of statuses."""

from __future__ import annotations

from itertools import product

import pytest

from ai_service.employees.errors import InvalidTransition
from ai_service.employees.rules import NEXT, Status, move

STATUSES: tuple[Status, ...] = ("draft", "training", "active", "paused")


@pytest.mark.parametrize(("now", "wanted"), list(product(STATUSES, STATUSES)))
def test_an_employee_moves_along_its_life_and_no_other_way(now: Status, wanted: Status) -> None:
    if now == wanted:
        assert move(now, wanted) is False
    elif wanted in NEXT[now]:
        assert move(now, wanted) is True
    else:
        with pytest.raises(InvalidTransition) as raised:
            move(now, wanted)
        assert raised.value.extra == {"possible": list(NEXT[now])}


def test_every_status_leads_back_to_work() -> None:
    for status in STATUSES:
        reached, front = {status}, [status]
        while front:
            front = [after for now in front for after in NEXT[now] if after not in reached]
            reached.update(front)
        assert "active" in reached
