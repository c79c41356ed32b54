from __future__ import annotations

from testing.payments import (  # noqa: F401  # fixtures
    empty_sandbox,
    http_client,
    provider_customer,
    running_for_all,
    sandbox_hooks,
    stripe_provider,
)
