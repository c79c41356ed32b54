"""The payment sandbox for tests, as the real HTTP server that it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.payments.sandbox.app import SandboxSettings, create_sandbox
from shared.payments.sandbox.webhooks import signature
from shared.payments.stripe_provider import StripeProvider
from shared.schemas.json import dumps
from shared.testing.serving import bound_socket, serving

API_KEY: Final = "sk_test_of_the_tests"
WEBHOOK_SECRET: Final = "whsec_of_the_tests_and_of_nothing_else"  # noqa: S105  # opens nothing but a sandbox of a test


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A running sandbox. Its hooks are under `{url}/_sandbox/`."""

    url: str
    api_key: str = API_KEY
    webhook_secret: str = WEBHOOK_SECRET

    def provider(self, **options: float) -> StripeProvider:
        """A provider that talks to it; the caller closes it. `options` are StripeProvider's timeout, total, retries."""
        return StripeProvider(
            api_url=self.url,
            secret_key=self.api_key,
            webhook_secret=self.webhook_secret,
            **options,  # type: ignore[arg-type]  # `retries` is an int, which **options cannot say
        )


@contextmanager
def running_sandbox(data: Path, *, webhook_url: str | None = None) -> Iterator[SandboxServer]:
    """Runs a sandbox with its state in the file `data`; events go to `webhook_url`, or are only recorded."""
    with bound_socket() as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = SandboxSettings(
            url=url, data=data, webhook_url=webhook_url, webhook_secret=WEBHOOK_SECRET, api_key=API_KEY
        )
        with serving(create_sandbox(settings), listener):
            yield SandboxServer(url)


def signed(event: dict[str, Any], secret: str) -> tuple[bytes, str]:
    """An event as the provider delivers it: the bytes, and the header Stripe-Signature."""
    payload = dumps(event)
    return payload, signature(payload, secret, int(time.time()))
