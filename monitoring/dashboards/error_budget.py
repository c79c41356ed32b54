"""The objectives: how much of their budgets is left, and how fast it is used up."""

from __future__ import annotations

from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import Dashboard

from monitoring.dashboards.board import COUNT, REQUESTS, SHARE, Limit, Panel, board, panel

OF = '{service=~"$service"}'


@dataclass(frozen=True)
class Objective:
    """What docs/slo.md promises, and the names under which monitoring/rules/requests.yml records it."""

    name: str
    ratio: str
    bad: str
    budget: float
    breaks: str
    """What a request does that breaks the promise."""

    @property
    def runbook(self) -> str:
        return f"{self.name}-budget-burn"


OBJECTIVES = (
    Objective("availability", "error_ratio", "errors", 0.001, "is answered with a 5xx"),
    Objective("latency", "slow_ratio", "slow_requests", 0.01, "takes 0.1 s or longer"),
)


def error_budget() -> Dashboard:
    rows = [
        *((objective.name.capitalize(), _budget(objective)) for objective in OBJECTIVES),
        ("What is measured", _measured()),
    ]
    says = "The objectives of docs/slo.md, of each service and of the gateway, which is what users get."
    services = "label_values(service:requests:rate5m, service)"
    return board("error-budget", "Error budget", says, rows, variables={"service": services})


def _budget(objective: Objective) -> list[Panel]:
    name, ratio, budget = objective.name, objective.ratio, objective.budget
    bad = f"avg_over_time(service:{objective.bad}:rate5m{OF}[30d])"
    requests = f"(avg_over_time(service:requests:rate5m{OF}[30d]) > 0)"
    burns = {
        f"{{{{service}}}} {window}": f"service:{ratio}:rate{window}{OF} / {budget}"
        for window in ("1h", "6h", "3d")
    }
    shares = {
        f"{{{{service}}}} {window}": f"service:{ratio}:rate{window}{OF}" for window in ("5m", "30m", "1h")
    }
    return [
        panel(
            f"Budget left in 30 days: {name}",
            {"{{service}}": f"1 - {bad} / {requests} / {budget}"},
            unit=SHARE,
            runbook=objective.runbook,
            limit=Limit(0, below=True),
            says=f"One request in {1 / budget:.0f} may be one that {objective.breaks}. Below 0 the "
            f"promise is broken: what is left of the month goes into making it hold.",
        ),
        panel(
            f"Burn rate: {name}",
            burns,
            unit=COUNT,
            runbook=objective.runbook,
            limit=Limit(1),
            says="At 1 the budget lasts exactly the month. 14.4 over an hour and 6 over six hours wake "
            "somebody.",
        ),
        panel(
            f"Share of requests that break the promise: {name}",
            shares,
            unit=SHARE,
            runbook=objective.runbook,
            limit=Limit(budget),
            says=f"A request that {objective.breaks}. The long window says that it matters, the short "
            f"one that it still goes on.",
        ),
    ]


def _measured() -> list[Panel]:
    broken = {
        "{{service}} failed": f"service:errors:rate5m{OF}",
        "{{service}} slow": f"service:slow_requests:rate5m{OF}",
    }
    return [
        panel(
            "Requests that count",
            {"{{service}}": f"service:requests:rate5m{OF}"},
            unit=REQUESTS,
            runbook="service-down",
            width=12,
            says="Without probes and scrapes. With few requests a single failure is a large share: then "
            "nobody is woken.",
        ),
        panel(
            "Requests that break a promise",
            broken,
            unit=REQUESTS,
            runbook="high-error-rate",
            width=12,
            says="What the budgets are spent on. Nothing is good, as long as there are requests.",
        ),
    ]
