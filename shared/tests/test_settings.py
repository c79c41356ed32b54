from __future__ import annotations

import pytest

from shared.settings import PaymentSettings, ServiceSettings, SettingsError, load_settings

GOOD = {
    "ENVIRONMENT": "test",
    "DATABASE_URL": "postgresql://user:word@localhost:5432/sample",
    "REDIS_URL": "redis://localhost:6379/0",
    "PORT": "8000",
    "WORKER_PORT": "8001",
    "PLATFORM_URL": "http://localhost:8101",
    "SERVICE_SECRET": "a-secret-of-at-least-32-characters",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    for name in ("REPLICA_URL", "HOST", "LOG_LEVEL", "STRIPE_SECRET_KEY", "STRIPE_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_the_environment_becomes_settings_with_defaults(environment: pytest.MonkeyPatch) -> None:
    settings = load_settings(ServiceSettings)
    assert settings.port == 8000
    assert settings.jwt_issuer == "softfactory"
    assert settings.request_timeout_seconds == 10
    assert settings.replica_url is None


def test_every_missing_and_wrong_variable_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("DATABASE_URL")
    environment.delenv("SERVICE_SECRET")
    environment.setenv("PORT", "99999")
    environment.setenv("REDIS_URL", "http://not-redis")
    with pytest.raises(SettingsError) as caught:
        load_settings(ServiceSettings)
    message = str(caught.value)
    assert all(f"{name}:" in message for name in ("DATABASE_URL", "SERVICE_SECRET", "PORT", "REDIS_URL"))
    assert "DATABASE_URL: is missing" in message


def test_no_message_repeats_a_value(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "mysql://user:very-secret@localhost/x")
    with pytest.raises(SettingsError) as caught:
        load_settings(ServiceSettings)
    assert "very-secret" not in str(caught.value)


def test_an_empty_optional_variable_is_as_if_it_were_not_set(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REPLICA_URL", "")
    assert load_settings(ServiceSettings).replica_url is None


def test_secrets_do_not_show_in_the_settings_text(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REPLICA_URL", "postgresql://user:word@replica/sample")
    shown = repr(load_settings(ServiceSettings))
    assert GOOD["SERVICE_SECRET"] not in shown
    assert "word@" not in shown


def test_production_refuses_what_only_development_may_have(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("SERVICE_SECRET", "short")
    environment.setenv("STRIPE_API_URL", "http://localhost:8120")
    environment.setenv("STRIPE_SECRET_KEY", "sk_test_12345678")
    with pytest.raises(SettingsError) as caught:
        load_settings(PaymentSettings)
    assert all(
        name in str(caught.value) for name in ("SERVICE_SECRET", "STRIPE_API_URL", "STRIPE_SECRET_KEY")
    )


def test_production_takes_live_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ENVIRONMENT", "production")
    environment.setenv("STRIPE_SECRET_KEY", "sk_live_12345678")
    assert load_settings(PaymentSettings).is_production
