"""`python -m monitoring COMMAND`: the monitoring's own commands. The Makefile's targets call it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from monitoring.alertmanager import configuration
from monitoring.errors import MonitoringError, WrongSetting
from monitoring.slo import Prometheus, report
from monitoring.tools import TOOLS, Tools, fetch

Command = Callable[[argparse.Namespace], None]


def tools(_arguments: argparse.Namespace) -> None:
    """fetch Prometheus, Alertmanager and the exporters where they are not on PATH; says where each is"""
    mine = Tools()
    fetch(mine)
    for name, program in mine.require(TOOLS).items():
        print(f"  {name:<18} {program}")


def alertmanager(arguments: argparse.Namespace) -> None:
    """alertmanager.yml from the settings in the environment (ALERT_SLACK_URL ...); it holds their secrets"""
    text = configuration(os.environ)
    if arguments.output is None:
        print(text, end="")
        return
    with os.fdopen(os.open(arguments.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def slo(arguments: argparse.Namespace) -> None:
    """a table of the objectives and of what is left of their budgets"""
    for line in report(Prometheus(arguments.address), window=arguments.window):
        print(line)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status: 1 when it failed, 2 for a wrong setting."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring", description=__doc__.partition(":")[2].strip()
    )
    known = parser.add_subparsers(required=True, metavar="COMMAND")
    known.add_parser("tools", help=tools.__doc__).set_defaults(run=tools)
    rendering = known.add_parser("alertmanager", help=alertmanager.__doc__)
    rendering.add_argument(
        "--output", type=Path, help="a file that only its owner may read; by default it is printed"
    )
    rendering.set_defaults(run=alertmanager)
    reporting = known.add_parser("slo", help=slo.__doc__)
    reporting.add_argument("--address", required=True, help="where Prometheus is: http://127.0.0.1:8190")
    reporting.add_argument("--window", default="30d", help="how far back, such as 7d; by default 30d")
    reporting.set_defaults(run=slo)
    told = parser.parse_args(arguments)
    run: Command = told.run
    try:
        run(told)
    except WrongSetting as error:
        print(error, file=sys.stderr)
        return 2
    except MonitoringError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
