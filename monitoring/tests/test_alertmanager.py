"""Who is told of what: by amtool for the configuration, and by a running Alertmanager for what it does with alerts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring import ROOT, inhibitions
from monitoring.alertmanager import configuration
from monitoring.errors import WrongSetting
from monitoring.tests.rulebook import alerts
from monitoring.tools import Tools

EVERY_WAY = {
    "ALERT_PAGERDUTY_KEY": "0123456789abcdef0123456789abcdef",
    "ALERT_SLACK_URL": "https://slack.example/services/x",
    "ALERT_EMAIL_TO": "ops@example.com",
    "ALERT_EMAIL_FROM": "alerts@example.com",
    "ALERT_SMTP": "mail.example.com:587",
    "ALERT_SMTP_USER": "alerts",
    "ALERT_SMTP_PASSWORD": "secret: with # and 'quotes'",
    "ALERT_WEBHOOK_URL": "http://127.0.0.1:9/alerts",
    "ALERT_RUNBOOKS_URL": "https://git.example/backend/blob/main/",
}
ONE_WAY = [
    {"ALERT_PAGERDUTY_KEY": EVERY_WAY["ALERT_PAGERDUTY_KEY"]},
    {"ALERT_SLACK_URL": EVERY_WAY["ALERT_SLACK_URL"], "ALERT_SLACK_CHANNEL": "#night"},
    {name: EVERY_WAY[name] for name in ("ALERT_EMAIL_TO", "ALERT_EMAIL_FROM", "ALERT_SMTP")},
    {"ALERT_WEBHOOK_URL": EVERY_WAY["ALERT_WEBHOOK_URL"]},
]


def amtool(tools: Tools, *arguments: object) -> str:
    command = [*tools.command("amtool"), *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize(
    "environment", [{}, EVERY_WAY, *ONE_WAY], ids=lambda given: "+".join(given) or "none"
)
def test_alertmanager_takes_what_is_rendered(
    tools: Tools, tmp_path: Path, environment: dict[str, str]
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(configuration(environment))
    assert "2 receivers" in amtool(tools, "check-config", file)


@pytest.mark.parametrize(
    ("severity", "receiver"), [("page", "pages"), ("ticket", "tickets"), ("", "tickets")]
)
def test_a_page_and_a_ticket_go_their_own_ways(
    tools: Tools, tmp_path: Path, severity: str, receiver: str
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(configuration(EVERY_WAY))
    labels = [f"severity={severity}"] if severity else []
    route = ("config", "routes", "test", f"--config.file={file}")
    assert amtool(tools, *route, *labels, "alertname=X", "service=sns").strip() == receiver


def test_pagerduty_is_for_pages_unless_somebody_says_otherwise() -> None:
    pages, tickets = (part.split("- name: ")[1:] for part in [configuration(EVERY_WAY)] * 2)
    assert "pagerduty_configs" in pages[0]
    assert "pagerduty_configs" not in tickets[1]
    assert (
        "pagerduty_configs"
        in configuration({**EVERY_WAY, "ALERT_TICKETS_BY": "pagerduty"}).split("- name: ")[2]
    )
    assert "slack" not in configuration({**EVERY_WAY, "ALERT_PAGES_BY": "email", "ALERT_TICKETS_BY": "email"})


def test_a_message_leads_to_the_runbook() -> None:
    assert "Runbook: https://git.example/backend/blob/main/{{ .Annotations.runbook }}" in configuration(
        EVERY_WAY
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ALERT_SLACK": "x"}, "ALERT_SLACK: no such setting. Allowed are ALERT_PAGERDUTY_KEY"),
        ({"ALERT_SLACK_URL": "slack.example"}, "ALERT_SLACK_URL: needed is an address"),
        ({"ALERT_EMAIL_TO": "a@b.example"}, "ALERT_SMTP=: needed is the mail server as host:port"),
        ({"ALERT_EMAIL_TO": "a@b.example", "ALERT_SMTP": "h:25"}, "ALERT_EMAIL_FROM is missing"),
        ({"ALERT_PAGES_BY": "slack"}, "ALERT_PAGES_BY names slack, and ALERT_SLACK_URL is not set"),
        ({"ALERT_PAGES_BY": "pigeon"}, "ALERT_PAGES_BY=pigeon: allowed are pagerduty, slack, email, webhook"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], said: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        configuration(environment)
    assert said in str(refused.value)


def test_the_command_renders_into_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    command = [sys.executable, "-m", "monitoring", "alertmanager", "--output", str(file)]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **EVERY_WAY}, check=True)
    assert file.read_text() == configuration(EVERY_WAY)
    assert file.stat().st_mode & 0o777 == 0o600
    wrong = {**os.environ, "ALERT_SLACK_URL": "x"}
    refused = subprocess.run(command, cwd=ROOT, env=wrong, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "ALERT_SLACK_URL")


def test_what_silences_and_what_is_silenced_exists() -> None:
    named = set(inhibitions.STORES) | set(inhibitions.SERVICES)
    for followers in (*inhibitions.STORES.values(), *inhibitions.SERVICES.values()):
        named |= set(followers)
    assert named <= {alert.name for alert in alerts()}


def test_labels_that_rules_are_compared_by_are_plain_json() -> None:
    assert json.loads(json.dumps(inhibitions.rules())) == inhibitions.rules()
