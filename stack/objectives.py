"""`make slo`: the objectives' report, from this stack's Prometheus or another one."""

from __future__ import annotations

from collections.abc import Mapping

from monitoring.errors import Unreachable, WrongSetting
from monitoring.slo import Prometheus, report
from stack.directory import RunDirectory, read_json
from stack.errors import StackError, WrongArgument

NONE_HERE = (
    "no Prometheus runs here: `make up WATCH=1`, or name another one: make slo ADDRESS=http://127.0.0.1:9090"
)


def show_objectives(directory: RunDirectory, environment: Mapping[str, str]) -> None:
    """Prints the table. ADDRESS and WINDOW may say of which Prometheus and how far back. Raises StackError."""
    address = environment.get("ADDRESS") or read_json(directory.summary).get("prometheus")
    if not address:
        raise StackError(NONE_HERE)
    if not address.startswith(("http://", "https://")):
        raise WrongArgument(f"ADDRESS={address}: needed is an address such as http://127.0.0.1:9090")
    try:
        for line in report(Prometheus(address), window=environment.get("WINDOW") or "30d"):
            print(line)
    except WrongSetting as error:
        raise WrongArgument(str(error)) from None
    except Unreachable as error:
        raise StackError(str(error)) from None
