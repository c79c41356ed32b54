"""The plugins that our kong.yml may use, with Kong 3.9's defaults."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

IDENTITY_HEADER = "X-RateLimit-Subject"


class Config(BaseModel):
    """A plugin's configuration; unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class JwtConfig(Config):
    """Which tokens pass."""

    key_claim_name: str = "iss"
    claims_to_verify: list[Literal["exp", "nbf"]] = []
    uri_param_names: list[str] = ["jwt"]
    cookie_names: list[str] = []
    header_names: list[str] = ["authorization"]
    run_on_preflight: bool = True
    anonymous: str | None = None


class RedisConfig(Config):
    """Where the counters are; timeout in milliseconds; a password only as a reference, such as {vault://env/name}."""

    host: str = ""
    port: int = 6379
    database: int = 0
    timeout: int = 2000
    password: Annotated[str, Field(pattern=r"^\{vault://[a-z]+/.+\}$")] | None = None


class RateLimitingConfig(Config):
    """Requests per minute, and per what."""

    minute: int = Field(ge=1)
    limit_by: Literal["consumer", "credential", "ip", "service", "header", "path"] = "consumer"
    header_name: str | None = None
    policy: Literal["local", "cluster", "redis"] = "local"
    fault_tolerant: bool = True
    sync_rate: float = -1
    redis: RedisConfig = RedisConfig()


class CorsConfig(Config):
    """Which browser origins may read answers; max_age in seconds."""

    origins: list[str] = []
    methods: list[str] = []
    headers: list[str] = []
    exposed_headers: list[str] = []
    credentials: bool = False
    max_age: int | None = None
    preflight_continue: bool = False


class CorrelationConfig(Config):
    """The request's id."""

    header_name: str = "Kong-Request-ID"
    generator: Literal["uuid", "uuid#counter", "tracker"] = "uuid#counter"
    echo_downstream: bool = False


class SizeConfig(Config):
    """The largest request body."""

    allowed_payload_size: int = 128
    size_unit: Literal["megabytes", "kilobytes", "bytes"] = "megabytes"
    require_content_length: bool = False


class FunctionConfig(Config):
    """Lua by phase; every entry must be one of the known functions."""

    access: list[str] = []
    header_filter: list[str] = []
    body_filter: list[str] = []


class PrometheusConfig(Config):
    """Which metrics the gateway counts."""

    status_code_metrics: bool = False
    latency_metrics: bool = False
    bandwidth_metrics: bool = False
    upstream_health_metrics: bool = False


class Propagation(Config):
    """Which trace headers are read from a request, and which it is sent on with."""

    extract: list[Literal["w3c", "b3", "jaeger", "ot", "datadog", "aws", "gcp"]] | None = None
    inject: (
        list[Literal["preserve", "w3c", "b3", "b3-single", "jaeger", "ot", "datadog", "aws", "gcp"]] | None
    ) = None
    default_format: Literal["w3c"]


class SpanQueue(Config):
    """Spans that wait to be sent; delays and times in seconds."""

    max_batch_size: int = 200
    max_coalescing_delay: float = 1
    max_entries: int = 10_000
    max_retry_time: float = 60


class OpenTelemetryConfig(Config):
    """Where spans go, and of which share of the requests; timeouts in milliseconds."""

    traces_endpoint: str = Field(pattern=r"^https?://[^\s/]+/v1/traces$")
    sampling_rate: Annotated[float, Field(ge=0, le=1, strict=False)] | None = None
    resource_attributes: dict[str, str] = {}
    propagation: Propagation
    connect_timeout: int = 1000
    send_timeout: int = 5000
    read_timeout: int = 5000
    queue: SpanQueue = SpanQueue()


class ProxyCacheConfig(Config):
    """Answers that the gateway keeps; it does not tell users apart."""

    strategy: Literal["memory"] = "memory"
    content_type: list[str] = ["text/plain", "application/json"]
    cache_ttl: int = 300
    cache_control: bool = False
    memory: dict[str, str] = {}


class PluginBase(BaseModel):
    """A plugin in use."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Jwt(PluginBase):
    """Refuses requests without a valid token."""

    name: Literal["jwt"]
    config: JwtConfig = JwtConfig()


class RateLimiting(PluginBase):
    """Counts requests by user or address."""

    name: Literal["rate-limiting"]
    config: RateLimitingConfig


class Cors(PluginBase):
    """Lets browsers of listed origins read answers."""

    name: Literal["cors"]
    config: CorsConfig = CorsConfig()


class CorrelationId(PluginBase):
    """Gives every request an id."""

    name: Literal["correlation-id"]
    config: CorrelationConfig = CorrelationConfig()


class RequestSizeLimiting(PluginBase):
    """Refuses large bodies."""

    name: Literal["request-size-limiting"]
    config: SizeConfig = SizeConfig()


class PreFunction(PluginBase):
    """Lua before all plugins."""

    name: Literal["pre-function"]
    config: FunctionConfig


class Prometheus(PluginBase):
    """Counts for monitoring."""

    name: Literal["prometheus"]
    config: PrometheusConfig = PrometheusConfig()


class OpenTelemetry(PluginBase):
    """Begins each request's trace, and sends its own span of it; off where no collector was named."""

    name: Literal["opentelemetry"]
    enabled: bool = True
    config: OpenTelemetryConfig


class ProxyCache(PluginBase):
    """Keeps answers."""

    name: Literal["proxy-cache"]
    config: ProxyCacheConfig = ProxyCacheConfig()


Plugin = Annotated[
    Jwt
    | RateLimiting
    | Cors
    | CorrelationId
    | RequestSizeLimiting
    | PreFunction
    | Prometheus
    | OpenTelemetry
    | ProxyCache,
    Field(discriminator="name"),
]

P = TypeVar("P", bound=PluginBase)


def plugin_of(plugins: list[Plugin], kind: type[P]) -> P | None:
    """The plugin of this kind in a list, or None."""
    return next((plugin for plugin in plugins if isinstance(plugin, kind)), None)
