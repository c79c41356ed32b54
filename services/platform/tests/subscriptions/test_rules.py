"""When a subscription gives access."""

from datetime import UTC, datetime, timedelta

from platform_service.subscriptions.rules import later, status_at, valid_until

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRACE = timedelta(hours=24)


def test_access_outlasts_the_paid_period_by_the_grace() -> None:
    assert valid_until(NOW, GRACE) == NOW + GRACE
    assert valid_until(None, GRACE) is None


def test_an_active_subscription_is_expired_when_its_time_is_over_whatever_the_job_did() -> None:
    for end, expected in (
        (NOW + timedelta(seconds=1), "active"),
        (NOW - GRACE + timedelta(seconds=1), "active"),
        (NOW - GRACE, "expired"),
        (None, "active"),
    ):
        assert status_at("active", end, grace=GRACE, now=NOW) == expected
    assert status_at("canceled", NOW - GRACE, grace=GRACE, now=NOW) == "canceled"


def test_an_older_report_takes_no_paid_time_back() -> None:
    assert later(NOW, NOW - GRACE) == NOW
    assert later(NOW, None) == NOW
    assert later(None, NOW) == NOW
    assert later(None, None) is None
