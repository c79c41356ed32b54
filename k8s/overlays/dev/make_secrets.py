"""Makes the secrets of a development cluster: `python k8s/overlays/dev/make_secrets.py`, once per cluster.

Writes `secrets/<service>.env` beside this file, which git ignores. What is there already stays, so that a second run
only adds what is missing. Payments go to Stripe's test mode: give its keys in STRIPE_SECRET_KEY (sk_test_...) and
STRIPE_WEBHOOK_SECRET; without them paying answers an error, and everything else works. The apps at YouTube,
TikTok and X by which sns renews access are taken from the environment, too, where they are.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

APPS = (
    "YOUTUBE_CLIENT_ID",
    "YOUTUBE_CLIENT_SECRET",
    "TIKTOK_CLIENT_KEY",
    "TIKTOK_CLIENT_SECRET",
    "TWITTER_CLIENT_ID",
    "TWITTER_CLIENT_SECRET",
)
REGISTRY = Path(__file__).resolve().parents[3] / "services"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files; 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "secrets", metavar="DIR")
    output: Path = parser.parse_args(arguments).output
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    redis = _kept(output / "redis.env", {"REDIS_PASSWORD": secrets.token_urlsafe(32)})["REDIS_PASSWORD"]
    callers: dict[str, str] = {}
    for service in sorted(
        services(), key=lambda name: name == "platform"
    ):  # last: it knows every other's secret
        wanted = {
            "SERVICE_SECRET": secrets.token_urlsafe(48),
            "REDIS_URL": f"redis://:{redis}@redis:6379/0",
        }
        if service in ("platform", "coocook"):
            wanted["STRIPE_SECRET_KEY"] = os.environ.get("STRIPE_SECRET_KEY", "sk_test_none")
        if service == "sns":
            wanted["CREDENTIAL_KEYS"] = _fernet_key()
            wanted |= {name: os.environ[name] for name in APPS if name in os.environ}
        if service == "platform":
            wanted |= {
                "SERVICE_SECRETS": json.dumps(callers),
                "KEY_ENCRYPTION_KEYS": _fernet_key(),
                "STRIPE_WEBHOOK_SECRET": os.environ.get("STRIPE_WEBHOOK_SECRET", secrets.token_urlsafe(32)),
            }
        callers[service] = _kept(output / f"{service}.env", wanted)["SERVICE_SECRET"]
    return 0


def services() -> list[str]:
    """Every service that is in the registry."""
    return sorted(path.parent.name for path in REGISTRY.glob("*/service.toml"))


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _kept(path: Path, wanted: dict[str, str]) -> dict[str, str]:
    """What the file has, and what it lacked."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    values = wanted | dict(line.split("=", 1) for line in lines if "=" in line)
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
    return values


if __name__ == "__main__":
    raise SystemExit(main())
