"""The committed rules and Alertmanager's configuration, made faster by one rule, so that a test need not wait.

Every duration is divided by one factor: how often is scraped and evaluated, `for`, the ranges of expressions, how long
Alertmanager gathers and when it tells again, and how old something that waits may become (`..._oldest_seconds > 300`).
Everything else stays: shares, rates, counts, and what users feel (p99 over a second is as slow at any pace).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monitoring import RULES

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_PART = r"\d+(?:ms|[smhdwy])"
_DURATION = re.compile(rf"(?:{_PART})+")
_RANGE = re.compile(rf"\[((?:{_PART})+)(?::((?:{_PART})+)?)?\]")
_AGE = re.compile(r"(_oldest_seconds\)* > )(\d+)")
_GATHERING = ("group_wait", "group_interval", "repeat_interval")
_SCRAPING = ("scrape_interval", "evaluation_interval")
SHORTEST_SCRAPE = 1.0


def seconds_of(duration: str) -> float:
    """Of a duration as Prometheus writes them: `1h30m` is 5400."""
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"not a duration: {duration!r}")
    return sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


@dataclass(frozen=True)
class Pace:
    """So many times faster than what is committed; 1 changes nothing."""

    factor: float = 1.0

    def duration(self, written: str) -> str:
        return f"{round(seconds_of(written) / self.factor * 1000)}ms"

    def seconds(self, written: str) -> float:
        return seconds_of(written) / self.factor

    def expression(self, expr: str) -> str:
        """With its ranges, and its limits on ages."""
        faster = _RANGE.sub(
            lambda found: "[" + ":".join(self.duration(part) for part in found.groups() if part) + "]", expr
        )
        return _AGE.sub(lambda found: f"{found[1]}{int(found[2]) / self.factor:g}", faster)

    def rules(self, text: str) -> str:
        """A file of rules."""
        content = yaml.safe_load(text)
        for rule in (rule for group in content["groups"] for rule in group["rules"]):
            rule["expr"] = self.expression(rule["expr"])
            if "for" in rule:
                rule["for"] = self.duration(rule["for"])
        return yaml.safe_dump(content, sort_keys=False)

    def prometheus(self, text: str, rules: Path) -> str:
        """prometheus.yml, with the rules of that folder in place of the committed ones."""
        content = yaml.safe_load(text)
        for name in _SCRAPING:
            wanted = max(SHORTEST_SCRAPE, self.seconds(content["global"][name]))
            content["global"][name] = f"{round(wanted * 1000)}ms"
        assert content["rule_files"] == [str(RULES / "*.yml")]
        content["rule_files"] = [str(rules / "*.yml")]
        return yaml.safe_dump(content, sort_keys=False)

    def alertmanager(self, text: str) -> str:
        """alertmanager.yml."""
        content = yaml.safe_load(text)
        for route in (content["route"], *content["route"]["routes"]):
            route.update(self._faster(route))
        return yaml.safe_dump(content, sort_keys=False)

    def _faster(self, route: Mapping[str, Any]) -> dict[str, str]:
        return {name: self.duration(route[name]) for name in _GATHERING if name in route}

    def write_rules(self, folder: Path) -> None:
        """Every committed file of rules at this pace."""
        folder.mkdir()
        for path in RULES.glob("*.yml"):
            (folder / path.name).write_text(self.rules(path.read_text()))
