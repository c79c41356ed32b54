"""Alertmanager's configuration: who is told when, rendered from settings (monitoring/receivers.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from monitoring import inhibitions
from monitoring.receivers import receivers


def configuration(environment: Mapping[str, str]) -> str:
    """alertmanager.yml. Secrets stand in it. Raises WrongSetting."""
    content: dict[str, Any] = {
        "route": route(),
        "inhibit_rules": inhibitions.rules(),
        "receivers": receivers(environment),
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def route() -> dict[str, Any]:
    """Which receiver gets what, and how often."""
    pages = {
        "matchers": ['severity="page"'],
        "receiver": "pages",
        # Long enough for what follows to arrive with its cause, and be silenced by it.
        "group_wait": "15s",
        "group_interval": "2m",
        "repeat_interval": "2h",
    }
    return {
        # One message for all processes of a service that tell the same, and not one for each.
        "group_by": ["alertname", "service"],
        "receiver": "tickets",
        "group_wait": "1m",
        "group_interval": "10m",
        "repeat_interval": "24h",
        "routes": [pages],
    }
