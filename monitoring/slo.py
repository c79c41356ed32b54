"""`make slo`: where the objectives stand, from a running Prometheus (docs/slo.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from monitoring.errors import Unreachable, WrongSetting

ROW = "{:<10} {:<13} {:<9} {:<10} {:<13} {}"
SECONDS = 30.0


@dataclass(frozen=True)
class Objective:
    """A promise: this share of the requests; `bad` is the recorded rate of those that break it."""

    name: str
    promise: float
    bad: str

    @property
    def budget(self) -> float:
        return 1 - self.promise


OBJECTIVES = (
    Objective("availability", 0.999, "service:errors:rate5m"),
    Objective("latency", 0.99, "service:slow_requests:rate5m"),
)


@dataclass(frozen=True)
class Prometheus:
    """One that answers at `address`."""

    address: str

    def by_service(self, query: str) -> dict[str, float]:
        """A value per service; one that is unknown (no requests) is left out. Raises Unreachable."""
        url = f"{self.address.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
        try:
            with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310
                found = json.load(answer)["data"]["result"]
        except HTTPError as error:
            raise Unreachable(f"{self.address} is no Prometheus, or refuses the query: {error}") from None
        except (OSError, HTTPException, ValueError, KeyError) as error:
            raise Unreachable(
                f"no Prometheus answers at {self.address} ({error}): `make up WATCH=1`, or make slo ADDRESS=http://..."
            ) from None
        values = {sample["metric"]["service"]: float(sample["value"][1]) for sample in found}
        return {service: value for service, value in values.items() if value == value}  # NaN is not itself


def report(prometheus: Prometheus, *, window: str) -> Iterator[str]:
    """The table's lines. Raises Unreachable, WrongSetting."""
    if not re.fullmatch(r"[1-9]\d{0,3}[mhdw]", window):
        raise WrongSetting(f"WINDOW={window}: allowed is a number of m, h, d or w, such as 7d")
    found = {
        objective: (
            prometheus.by_service(_ratio(objective, window)),
            prometheus.by_service(_ratio(objective, "1h")),
        )
        for objective in OBJECTIVES
    }
    services = sorted({service for whole, _ in found.values() for service in whole}, key=_gateway_first)
    if not services:
        yield f"{prometheus.address} has seen no requests within {window}: nothing to report yet"
        return
    yield ROW.format("service", "objective", "promise", window, "budget left", "last hour")
    for service in services:
        for objective, (whole, hour) in found.items():
            if service in whole:
                yield _line(service, objective, whole[service], hour.get(service))


def _ratio(objective: Objective, window: str) -> str:
    requests = f"avg_over_time(service:requests:rate5m[{window}])"
    return f"avg_over_time({objective.bad}[{window}]) / ({requests} > 0)"


def _gateway_first(service: str) -> tuple[bool, str]:
    return service != "gateway", service


def _line(service: str, objective: Objective, bad: float, hour: float | None) -> str:
    left = 1 - bad / objective.budget
    kept = f"{left:.1%}".replace("%", " %") if left > 0 else f"spent ({left:.0%})".replace("%", " %")
    recent = "no requests" if hour is None else _percent(1 - hour)
    promise = f"{objective.promise * 100:g} %"
    return ROW.format(service, objective.name, promise, _percent(1 - bad), kept, recent)


def _percent(share: float) -> str:
    return f"{share * 100:.3f} %"
