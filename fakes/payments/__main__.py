"""`python -m fakes.payments`: run the payment sandbox, by default on 127.0.0.1."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import uvicorn

from fakes.payments.app import SandboxSettings, create_sandbox

HOST: Final = "127.0.0.1"


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fakes.payments",
        description="A payment provider for development and tests that speaks Stripe's API. No money moves. "
        "Environment: STRIPE_WEBHOOK_SECRET signs the webhooks; STRIPE_SECRET_KEY, where set, is the only key taken.",
    )
    parser.add_argument("--host", default=HOST, help=f"address to listen on (default: {HOST})")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="FILE.sqlite", help="where its state is kept"
    )
    parser.add_argument("--webhook-url", help="where events are sent; without it they are only recorded")
    parser.add_argument("--url", help=f"where browsers reach it (default: http://{HOST}:PORT)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT."""
    arguments = _arguments(given)
    secret = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
    if arguments.webhook_url and not secret:
        print("sandbox: STRIPE_WEBHOOK_SECRET is needed to sign webhooks", file=sys.stderr)
        return 2
    arguments.data.parent.mkdir(parents=True, exist_ok=True)
    settings = SandboxSettings(
        url=arguments.url or f"http://{HOST}:{arguments.port}",
        data=arguments.data,
        webhook_url=arguments.webhook_url,
        webhook_secret=secret,
        api_key=os.environ.get("STRIPE_SECRET_KEY"),
    )
    uvicorn.run(
        create_sandbox(settings),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        log_level="warning",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
