from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from shared.schemas.json import JSONBytes, dumps


def test_money_is_an_exact_number() -> None:
    assert dumps({"a": Decimal("19.90"), "b": Decimal("1E+3")}) == b'{"a":19.90,"b":1000}'


def test_a_moment_is_utc_with_a_z_also_without_a_zone() -> None:
    naive, aware = datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # noqa: DTZ001
    assert (
        dumps([naive, aware, date(2026, 1, 2)])
        == b'["2026-01-02T03:04:05Z","2026-01-02T03:04:05Z","2026-01-02"]'
    )


@pytest.mark.parametrize("value", [Decimal("NaN"), object()])
def test_what_has_no_json_form_is_an_error(value: object) -> None:
    with pytest.raises(TypeError):
        dumps(value)


def test_bytes_are_answered_as_they_are() -> None:
    assert JSONBytes(b"[1]").body == b"[1]"
    assert JSONBytes({"a": 1}, 201).body == b'{"a":1}'
