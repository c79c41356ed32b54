"""supervisord, and talking to it: its XML-RPC interface on the loopback address, behind a password."""

import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.configuration import USER, supervisor_command
from stack.directory import CHECKOUT
from stack.errors import StackError

ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 60, 70, 90
START_SECONDS = 15.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class State:
    """What supervisord knows about one program."""

    name: str
    state: str
    pid: int
    uptime_seconds: float


class Supervisor:
    """The supervisord of one stack."""

    def __init__(self, *, port: int, password: str) -> None:
        self._url = f"http://{USER}:{password}@127.0.0.1:{port}/RPC2"

    def _call(self, method: str, *arguments: object, ignore: tuple[int, ...] = ()) -> Any:
        """One call on a connection of its own, since a proxy belongs to one thread."""
        with xmlrpc.client.ServerProxy(self._url) as proxy:
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                if fault.faultCode in ignore:
                    return None
                raise StackError(
                    f"the supervisor refuses {method}{arguments}: {fault.faultString}"
                ) from fault

    def answers(self) -> bool:
        try:
            self._call("getState")
        except (OSError, xmlrpc.client.Error):
            return False
        return True

    def launch(self, configuration: Path, *, environment: Mapping[str, str], log: Path) -> None:
        """Starts supervisord in a session of its own and waits until it answers."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                supervisor_command(configuration), cwd=CHECKOUT, env=dict(environment),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"supervisord did not start, see {log}")
            time.sleep(0.03)
        process.returncode = 0  # it stays: nobody waits for it, and Popen shall not warn about that

    def states(self) -> dict[str, State]:
        return {info["name"]: _state(info) for info in self._call("getAllProcessInfo")}

    def state(self, program: str) -> State:
        return _state(self._call("getProcessInfo", program))

    def adopt_configuration(self) -> list[str]:
        """Stops and forgets programs that are gone or changed, learns new ones. Returns what is to be started."""
        added, changed, removed = self._call("reloadConfig")[0]
        self.stop([*removed, *changed])
        for program in (*removed, *changed):
            self._call("removeProcessGroup", program)
        for program in (*added, *changed):
            self._call("addProcessGroup", program, ignore=(ALREADY_ADDED,))
        return [*added, *changed]

    def start(self, program: str) -> None:
        """Begins to start a program; one that runs is left alone."""
        self._call("startProcess", program, False, ignore=(ALREADY_STARTED,))

    def stop(self, programs: list[str]) -> None:
        """Stops programs together, and waits for them."""
        for program in programs:
            self._call("stopProcess", program, False, ignore=(NOT_RUNNING,))
        while any(self.state(program).pid for program in programs):
            time.sleep(0.03)

    def shutdown(self) -> None:
        self._call("shutdown")


def run_supervisor(configuration: str) -> None:
    """Be supervisord, until it is told to shut down.

    By itself it looks after its programs once a second, and needs two looks to start one again that has died.
    """
    from supervisor import poller, supervisord

    class QuickPoller(poller.Poller):  # type: ignore[misc]
        def poll(self, timeout: float) -> Any:
            return super().poll(min(timeout, LOOK_SECONDS))

    poller.Poller = QuickPoller
    supervisord.main(["-c", configuration])


def _state(info: Mapping[str, Any]) -> State:
    uptime = max(0, info["now"] - info["start"]) if info["pid"] else 0
    return State(info["name"], str(info["statename"]).lower(), int(info["pid"]), float(uptime))


if __name__ == "__main__":
    run_supervisor(sys.argv[1])
