"""`python -m monitoring.dashboards`: writes every dashboard's JSON anew. `make dashboards` calls it."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.dashboards import GENERATED
from monitoring.dashboards.business import business
from monitoring.dashboards.error_budget import error_budget
from monitoring.dashboards.jobs_and_events import jobs_and_events
from monitoring.dashboards.overview import overview
from monitoring.dashboards.services import service
from monitoring.dashboards.stores import stores
from stack.services import NAMES


def dashboards() -> Mapping[str, Dashboard]:
    """Every dashboard by the name of its file."""
    return {
        "overview": overview(),
        **{f"service-{name}": service(name) for name in NAMES},
        "stores": stores(),
        "jobs-and-events": jobs_and_events(),
        "business": business(),
        "error-budget": error_budget(),
    }


def rendered() -> dict[str, str]:
    """The JSON of every dashboard by the name of its file."""
    encoder = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False)
    return {f"{name}.json": encoder.encode(made.build()) + "\n" for name, made in dashboards().items()}


def main() -> None:
    files = rendered()
    for old in GENERATED.glob("*.json"):
        if old.name not in files:
            old.unlink()
    for name, text in files.items():
        (GENERATED / name).write_text(text)
    print(f"{len(files)} dashboards in monitoring/dashboards/generated")


if __name__ == "__main__":
    main()
