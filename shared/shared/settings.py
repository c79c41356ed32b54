"""A process's settings: environment variables, checked once, at start."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, PostgresDsn, RedisDsn, SecretStr, TypeAdapter, ValidationError, model_validator
from pydantic.functional_validators import AfterValidator
from pydantic_settings import BaseSettings, SettingsConfigDict

MIN_SECRET_LENGTH = 32
_postgres = TypeAdapter(PostgresDsn)
_redis = TypeAdapter(RedisDsn)


def _postgres_url(value: str) -> str:
    _postgres.validate_python(value)
    return value


def _redis_url(value: str) -> str:
    _redis.validate_python(value)
    return value


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(Exception):
    """The environment has missing or invalid variables; the message names all of them."""


class ServiceSettings(BaseSettings):
    """The settings of every service. Each field is the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["development", "test", "production"]
    # Addresses hold passwords, so they are left out of the settings' text.
    database_url: PostgresUrl = Field(repr=False)
    replica_url: PostgresUrl | None = Field(default=None, repr=False)
    redis_url: RedisUrl = Field(repr=False)
    host: str = "127.0.0.1"
    port: Port
    worker_port: Port
    platform_url: HttpUrl
    """Where the platform service answers, without the gateway."""
    jwt_issuer: str = "softfactory"
    jwt_audience: str = "softfactory-api"
    service_secret: SecretStr
    """Signs (HS256) this service's own tokens, with which it calls other services."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    otlp_endpoint: HttpUrl | None = None
    """The collector that gets spans over OTLP/HTTP, such as http://otel-collector:4318; without it there are none."""
    trace_ratio: float = Field(default=0.01, ge=0, le=1)
    """The share that is recorded of what begins in this process; the gateway has a share of its own for requests."""
    slow_request_seconds: float = Field(default=1.0, gt=0)
    """A request that takes longer has a span, also where its trace is not recorded."""
    request_timeout_seconds: float = Field(default=10.0, gt=0)
    max_body_bytes: int = Field(default=1024 * 1024, ge=1024)
    concurrency_limit: int = Field(default=24, ge=1)
    """Requests that a process works on at a time. The next ones wait for a moment; what would wait longer gets 503."""
    db_pool_size: int = Field(default=10, ge=1)
    """Connections to the primary, and as many to the replica; a request that finds none free waits up to a second."""
    db_pool_overflow: int = Field(default=0, ge=0)
    """Connections beyond these are closed after one use, and under load opening them costs more than the query."""
    cache_redis_bytes: int = Field(default=64_000_000, ge=1_000_000)
    """What this service's cache may take of Redis, all its processes together."""
    abandoned_group_seconds: int = Field(default=3600, ge=60)
    """A consumer group for which events wait, and that no worker has used for longer, is logged as an error."""
    trusted_hops: int = Field(default=1, ge=0)
    """How many proxies of ours stand in front: the client's address is that many from the right in X-Forwarded-For."""
    drain_seconds: float = Field(default=2.0, ge=0)
    """How long /health/ready says no before a stopping process closes its port."""

    @property
    def is_production(self) -> bool:
        """Whether real customers' data is behind this process."""
        return self.environment == "production"

    def unsafe_in_production(self) -> list[str]:
        """What must not be so in production, one `VARIABLE: reason` each; services add their own."""
        secret = self.service_secret.get_secret_value()
        return (
            [] if len(secret) >= MIN_SECRET_LENGTH else [f"SERVICE_SECRET: shorter than {MIN_SECRET_LENGTH}"]
        )

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.is_production and (unsafe := self.unsafe_in_production()):
            raise ValueError("; ".join(unsafe))
        return self


class PaymentSettings(ServiceSettings):
    """The settings of a service that takes payments."""

    stripe_api_url: HttpUrl = "https://api.stripe.com"
    """The development stack points it at the sandbox."""
    stripe_secret_key: SecretStr

    def unsafe_in_production(self) -> list[str]:
        """Also refuses a sandbox: a key or an address with which nobody really pays."""
        unsafe = super().unsafe_in_production()
        if not self.stripe_api_url.startswith("https://"):
            unsafe.append("STRIPE_API_URL: must be https")
        if not self.stripe_secret_key.get_secret_value().startswith(("sk_live_", "rk_live_")):
            unsafe.append("STRIPE_SECRET_KEY: is not a live key")
        return unsafe


S = TypeVar("S", bound=ServiceSettings)


def load_settings(cls: type[S]) -> S:
    """Read `cls` from the environment. Raises SettingsError, which names every missing or wrong variable."""
    try:
        return cls()
    except ValidationError as error:
        lines = [
            f"  {_describe(item['loc'], item['type'], item['msg'])}"
            for item in error.errors(include_url=False)
        ]
        raise SettingsError("The environment is not complete:\n" + "\n".join(lines)) from None


def _describe(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    text = "is missing" if kind == "missing" else message.removeprefix("Value error, ")
    return f"{str(loc[0]).upper()}: {text}" if loc else text
