"""`python -m monitoring COMMAND`: the monitoring's own commands. The Makefile's targets call it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from monitoring.errors import MonitoringError, WrongSetting
from monitoring.tools import TOOLS, Tools, fetch

Command = Callable[[argparse.Namespace], None]


def tools(_arguments: argparse.Namespace) -> None:
    """fetch Prometheus, Alertmanager and the exporters where they are not on PATH; says where each is"""
    mine = Tools()
    fetch(mine)
    for name, program in mine.require(TOOLS).items():
        print(f"  {name:<18} {program}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status: 1 when it failed, 2 for a wrong setting."""
    parser = argparse.ArgumentParser(
        prog="python -m monitoring", description=__doc__.partition(":")[2].strip()
    )
    known = parser.add_subparsers(required=True, metavar="COMMAND")
    known.add_parser("tools", help=tools.__doc__).set_defaults(run=tools)
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
