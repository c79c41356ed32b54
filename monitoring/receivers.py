"""Whom alerts reach, by settings: each way that has its setting is used.

monitoring/README.md lists the settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from monitoring.errors import WrongSetting

Environment = Mapping[str, str]
Receiver = dict[str, Any]
SUMMARY = (
    "{{ if gt (len .Alerts) 1 }}{{ len .Alerts }} times: {{ end }}{{ (index .Alerts 0).Annotations.summary }}"
)
NAMES = (
    "ALERT_PAGERDUTY_KEY", "ALERT_SLACK_URL", "ALERT_SLACK_CHANNEL", "ALERT_EMAIL_TO", "ALERT_EMAIL_FROM", "ALERT_SMTP",
    "ALERT_SMTP_USER", "ALERT_SMTP_PASSWORD", "ALERT_WEBHOOK_URL", "ALERT_PAGES_BY", "ALERT_TICKETS_BY",
    "ALERT_RUNBOOKS_URL",
)  # fmt: skip


def receivers(environment: Environment) -> list[Receiver]:
    """`pages` and `tickets`; where nothing is set, they tell nobody. Raises WrongSetting."""
    if unknown := sorted(name for name in environment if name.startswith("ALERT_") and name not in NAMES):
        raise WrongSetting(f"{unknown[0]}: no such setting. Allowed are {', '.join(NAMES)}")
    ways = {name: make(environment) for name, (needs, make) in WAYS.items() if environment.get(needs)}
    pages = _chosen(environment, "ALERT_PAGES_BY", ways, default=list(ways))
    tickets = _chosen(
        environment, "ALERT_TICKETS_BY", ways, default=[way for way in ways if way != "pagerduty"]
    )
    return [_receiver("pages", pages, ways), _receiver("tickets", tickets, ways)]


def _receiver(name: str, chosen: list[str], ways: Mapping[str, Receiver]) -> Receiver:
    return {"name": name, **{f"{way}_configs": [ways[way]] for way in chosen}}


def _chosen(
    environment: Environment, name: str, ways: Mapping[str, Receiver], default: list[str]
) -> list[str]:
    chosen = environment.get(name, "").replace(",", " ").split() or default
    for way in chosen:
        if way not in WAYS:
            raise WrongSetting(f"{name}={way}: allowed are {', '.join(WAYS)}")
        if way not in ways:
            raise WrongSetting(f"{name} names {way}, and {WAYS[way][0]} is not set")
    return chosen


def _text(environment: Environment) -> str:
    """What somebody reads: of each alert what it is, whom it touches, and where to read on."""
    base = environment.get("ALERT_RUNBOOKS_URL", "").rstrip("/")
    if base:
        _url(environment, "ALERT_RUNBOOKS_URL")
    return (
        "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
        f"Runbook: {base + '/' if base else ''}{{{{ .Annotations.runbook }}}}\n\n{{{{ end }}}}"
    )


def _pagerduty(environment: Environment) -> Receiver:
    return {
        "routing_key": environment["ALERT_PAGERDUTY_KEY"],
        "description": SUMMARY,
        "severity": '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}',
        "details": {"text": _text(environment)},
        "send_resolved": True,
    }


def _slack(environment: Environment) -> Receiver:
    return {
        "api_url": _url(environment, "ALERT_SLACK_URL"),
        "channel": environment.get("ALERT_SLACK_CHANNEL") or "#alerts",
        "title": "[{{ .Status }}] " + SUMMARY,
        "text": _text(environment),
        "send_resolved": True,
    }


def _email(environment: Environment) -> Receiver:
    server = environment.get("ALERT_SMTP", "")
    if not re.fullmatch(r"[\w.-]+:\d{1,5}", server):
        raise WrongSetting(f"ALERT_SMTP={server}: needed is the mail server as host:port")
    if not environment.get("ALERT_EMAIL_FROM"):
        raise WrongSetting("ALERT_EMAIL_FROM is missing: the address that alerts come from")
    login = {
        field: environment[name]
        for field, name in (("auth_username", "ALERT_SMTP_USER"), ("auth_password", "ALERT_SMTP_PASSWORD"))
        if environment.get(name)
    }
    return {
        "to": environment["ALERT_EMAIL_TO"],
        "from": environment["ALERT_EMAIL_FROM"],
        "smarthost": server,
        "headers": {"Subject": "[{{ .Status }}] " + SUMMARY},
        "text": _text(environment),
        "html": "",
        "send_resolved": True,
        **login,
    }


def _webhook(environment: Environment) -> Receiver:
    return {"url": _url(environment, "ALERT_WEBHOOK_URL"), "send_resolved": True}


def _url(environment: Environment, name: str) -> str:
    if not re.match(r"https?://\S+$", environment[name]):
        raise WrongSetting(f"{name}: needed is an address that begins with http:// or https://")
    return environment[name]


WAYS: Mapping[str, tuple[str, Callable[[Environment], Receiver]]] = {
    "pagerduty": ("ALERT_PAGERDUTY_KEY", _pagerduty),
    "slack": ("ALERT_SLACK_URL", _slack),
    "email": ("ALERT_EMAIL_TO", _email),
    "webhook": ("ALERT_WEBHOOK_URL", _webhook),
}
"""The ways to reach somebody, and the setting by which each is there."""
