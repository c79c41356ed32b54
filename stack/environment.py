"""Each process's environment variables. Nothing of the developer's own shell leaks into them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fakes.payments import page
from stack.directory import Credentials
from stack.options import Options
from stack.services import SERVICES, Service
from testing.local_servers.postgres import PostgresServer
from testing.local_servers.valkey import ValkeyServer

PASSED_ON = ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
PARTNER_SITES = ("coupang_eats", "danggeun", "soomgo", "today_deal")
USERS = {"admin": "admin@softfactory.dev", "demo": "demo@softfactory.dev"}


def base_environment() -> dict[str, str]:
    """What every process gets."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Addresses:
    """Where the parts of this stack are."""

    ports: Mapping[str, int]
    postgres: PostgresServer
    replica: PostgresServer | None
    valkey: ValkeyServer

    def http(self, part: str) -> str:
        return f"http://127.0.0.1:{self.ports[part]}"

    def database(self, service: Service, credentials: Credentials, *, replica: bool = False) -> str:
        server = self.replica if replica and self.replica else self.postgres
        return server.url(
            service.name, role=service.name, password=credentials.password(f"database.{service.name}")
        )

    @property
    def public(self) -> str:
        """Where browsers reach the platform: the gateway, or the service itself where there is none."""
        return self.http("gateway" if "gateway" in self.ports else "platform-api")


def service_environment(
    service: Service, addresses: Addresses, credentials: Credentials, options: Options
) -> dict[str, str]:
    """The settings of a service's processes and commands."""
    settings = {
        "ENVIRONMENT": "development",
        "DATABASE_URL": addresses.database(service, credentials),
        "REDIS_URL": addresses.valkey.url(),
        "PORT": str(addresses.ports[f"{service.name}-api"]),
        "WORKER_PORT": str(addresses.ports[f"{service.name}-worker"]),
        "PLATFORM_URL": addresses.http("platform-api"),
        "SERVICE_SECRET": credentials.password(f"service.{service.name}"),
        "LOG_LEVEL": options.log_level.upper(),
        "DRAIN_SECONDS": "0",  # nothing routes by readiness here
        "STRIPE_API_URL": addresses.http("sandbox"),
        "STRIPE_SECRET_KEY": credentials.stripe_key(),
    }
    if options.otlp_endpoint:
        settings |= {"OTLP_ENDPOINT": options.otlp_endpoint, "TRACE_RATIO": str(options.trace_ratio)}
    if addresses.replica:
        settings["REPLICA_URL"] = addresses.database(service, credentials, replica=True)
    if service.name == "coocook":
        settings |= options.reservations
    if service.name == "sns" and options.publish_at_a_time:
        settings["PUBLISH_AT_A_TIME"] = options.publish_at_a_time
    if service.name == "platform":
        settings["BILLING_PAGE"] = options.billing_page or addresses.http("sandbox") + page.BILLING
    own = OWN_SETTINGS.get(service.name)
    return settings | own(addresses, credentials) if own else settings


def _platform_environment(addresses: Addresses, credentials: Credentials) -> dict[str, str]:
    callers = {other.name: credentials.password(f"service.{other.name}") for other in SERVICES}
    return {
        "SERVICE_SECRETS": json.dumps(callers),
        "KEY_ENCRYPTION_KEYS": credentials.fernet_key("platform.keys"),
        "PUBLIC_URL": addresses.public,
        "STRIPE_WEBHOOK_SECRET": credentials.webhook_secret(),
    }


def _sns_environment(addresses: Addresses, credentials: Credentials) -> dict[str, str]:
    networks = addresses.http("networks")
    return {
        "CREDENTIAL_KEYS": credentials.fernet_key("sns.credentials"),
        "BLOG_URL": f"{networks}/wordpress",
        "INSTAGRAM_URL": f"{networks}/instagram",
        "TIKTOK_URL": f"{networks}/tiktok",
        "YOUTUBE_URL": f"{networks}/youtube",
        "YOUTUBE_OAUTH_URL": f"{networks}/youtube/token",
        "YOUTUBE_CLIENT_ID": "client",  # the only client that the fake networks know
        "YOUTUBE_CLIENT_SECRET": "secret",
        "TIKTOK_CLIENT_KEY": "client",
        "TIKTOK_CLIENT_SECRET": "secret",
        "TWITTER_URL": f"{networks}/twitter",
        "TWITTER_CLIENT_ID": "client",
        "TWITTER_CLIENT_SECRET": "secret",
        "DEFAULT_IMAGE_URL": f"{networks}/media/card.jpg",
        "DEFAULT_VIDEO_URL": f"{networks}/media/clip.mp4",
        "LOOKUP_AFTER_SECONDS": "5",  # these networks answer within a second or two
    }


def _review_environment(addresses: Addresses, _: Credentials) -> dict[str, str]:
    sites = {site: f"{addresses.http('partners')}/{site}/" for site in PARTNER_SITES}
    return {
        "PARTNER_SITES": json.dumps(sites),
        "CRAWL_PRIVATE_HOSTS": json.dumps([addresses.http("partners").removeprefix("http://")]),
        "CRAWL_DELAY_SECONDS": "0.1",
    }


OWN_SETTINGS: Mapping[str, Callable[[Addresses, Credentials], dict[str, str]]] = {
    "platform": _platform_environment,
    "sns": _sns_environment,
    "review": _review_environment,
}
"""A service's settings beyond the common ones."""


def seed_environment(credentials: Credentials) -> dict[str, str]:
    """The development users' passwords."""
    return {f"SEED_{name.upper()}_PASSWORD": credentials.password(f"user.{name}") for name in USERS}
