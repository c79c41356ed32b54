"""Rules and receivers as the Prometheus operator's resources: `python -m monitoring.kubernetes` writes k8s/monitoring.

The rules are those of rules/ word for word, the routes those of alertmanager.py; nothing is said twice.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from monitoring import ROOT, RULES, inhibitions
from monitoring.alertmanager import configuration, route
from monitoring.receivers import receivers

FOLDER = ROOT / "k8s" / "monitoring"
HEAD = "# Made by `make monitoring-manifests` of monitoring/{}; a test says when it is older.\n"
COMPOSE = "monitoring/compose/alertmanager.yml"
COMPOSE_HEAD = (
    "# Of compose.yaml's profile `watch`: alerts are shown and reach nobody. Made by `make monitoring-manifests`;\n"
    "# `make alertmanager-config` writes one that tells people.\n"
)
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"(.*)"')
SECRET = "alerting"  # noqa: S105 - the name of the secret, not its content
Manifest = dict[str, Any]


def rules() -> Manifest:
    """All groups in one PrometheusRule."""
    groups = [
        group for path in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(path.read_text())["groups"]
    ]
    return _manifest("monitoring.coreos.com/v1", "PrometheusRule", {"groups": groups})


def alertmanager() -> Manifest:
    """Who is told, with the texts of receivers.py; the keys stay in the secret `alerting`."""
    written = receivers({"ALERT_PAGERDUTY_KEY": "PAGERDUTY_KEY", "ALERT_SLACK_URL": "https://SLACK_URL"})
    spec = {
        "route": _route(route()),
        "inhibitRules": [_inhibition(rule) for rule in inhibitions.rules()],
        "receivers": [_receiver(receiver) for receiver in written],
    }
    return _manifest("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", spec)


def rendered() -> dict[str, str]:
    """The files by their names."""
    return {
        "rules.yaml": HEAD.format("rules") + _dump(rules()),
        "alertmanager.yaml": HEAD.format("alertmanager.py and inhibitions.py") + _dump(alertmanager()),
    }


def main() -> None:
    """Writes them, and beside them the receivers of compose.yaml's profile `watch`."""
    for name, text in rendered().items():
        (FOLDER / name).write_text(text)
        print(f"k8s/monitoring/{name}")
    (ROOT / COMPOSE).write_text(COMPOSE_HEAD + configuration({}))
    print(COMPOSE)


def _manifest(version: str, kind: str, spec: Manifest) -> Manifest:
    labels = {"app.kubernetes.io/name": kind.lower()}
    metadata = {"name": "softfactory", "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _receiver(written: Manifest) -> Manifest:
    """A receiver in the operator's words, whose keys are those of a secret."""
    ways = {_camel(way): [_way(one) for one in those] for way, those in written.items() if way != "name"}
    return {"name": written["name"], **ways}


def _way(written: Manifest) -> Manifest:
    said = {_camel(name): value for name, value in written.items()}
    if "routingKey" in said:
        said["routingKey"] = {"name": SECRET, "key": "PAGERDUTY_KEY"}
        said["details"] = [{"key": key, "value": value} for key, value in said["details"].items()]
    if "apiUrl" in said:
        del said["apiUrl"]
        said["apiURL"] = {"name": SECRET, "key": "SLACK_URL"}
    return said


def _route(written: Manifest) -> Manifest:
    """A route in the operator's words: group_by is groupBy, and matchers are objects."""
    said = {_camel(name): value for name, value in written.items()}
    if "matchers" in said:
        said["matchers"] = [_matcher(text) for text in said["matchers"]]
    if "routes" in said:
        said["routes"] = [_route(below) for below in said["routes"]]
    return said


def _inhibition(rule: Manifest) -> Manifest:
    return {
        "sourceMatch": [_matcher(text) for text in rule["source_matchers"]],
        "targetMatch": [_matcher(text) for text in rule["target_matchers"]],
        "equal": rule["equal"],
    }


def _matcher(text: str) -> Manifest:
    """Equality goes without its sign, which the operator assumes and some YAML readers take for something else."""
    name, match_type, value = MATCHER.findall(text)[0]
    return {"name": name, **({"matchType": match_type} if match_type != "=" else {}), "value": value}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class _Plain(yaml.SafeDumper):
    """Writes what is the same in two places twice, instead of a reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _dump(manifest: Manifest) -> str:
    return yaml.dump(manifest, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000)


if __name__ == "__main__":
    main()
