"""supervisord: its configuration, made from programs, and talking to it on the loopback address, behind a password."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.directory import CHECKOUT, RunDirectory, write_private
from stack.errors import StackError
from stack.processes import MARKER, PART
from stack.steps import Program

USER = "stack"
IN_A_SESSION = [sys.executable, "-IS", str(Path(__file__).with_name("session.py"))]

_DAEMON = """\
[supervisord]
nodaemon=true
silent=true
identifier={identifier}
logfile={log}
logfile_maxbytes=5MB
logfile_backups=1
pidfile={pidfile}
directory={checkout}
minfds=1024
{user}
[inet_http_server]
port=127.0.0.1:{port}
username={username}
password={password}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""

_PROGRAM = """
[program:{name}]
command={command}
environment={environment}
directory={checkout}
autostart=false
autorestart=true
startsecs=1
startretries=5
stopsignal={stop_signal}
stopasgroup={stop_group}
killasgroup=true
stopwaitsecs=20
priority={tier}
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""
ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 60, 70, 90
START_SECONDS = 15.0
LOOK_SECONDS = 0.1


def write_configuration(
    directory: RunDirectory, programs: Iterable[Program], *, port: int, password: str, root: bool
) -> Path:
    """Writes the file, with secrets in it, and returns its path."""
    path = directory.root / "supervisord.conf"
    daemon = _DAEMON.format(
        identifier=directory.stack_id,
        log=_escaped(str(directory.log("supervisor"))),
        pidfile=_escaped(str(directory.root / "supervisord.pid")),
        checkout=_escaped(str(CHECKOUT)),
        user="user=root\n" if root else "",  # said aloud, or supervisord warns
        port=port,
        username=USER,
        password=password,
    )
    write_private(path, daemon + "".join(_section(directory, program) for program in programs))
    return path


def _section(directory: RunDirectory, program: Program) -> str:
    marker = {MARKER: directory.stack_id, PART: program.name}
    return _PROGRAM.format(
        name=program.name,
        command=_escaped(shlex.join([*IN_A_SESSION, *program.command])),
        environment=_escaped(_environment({**marker, **program.environment})),
        checkout=_escaped(str(CHECKOUT)),
        stop_signal=program.stop_signal,
        stop_group=str(program.stop_group).lower(),
        tier=program.tier,
        log=_escaped(_escaped(str(directory.log(program.name)))),  # supervisord expands this one twice
    )


def _environment(values: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(value: str) -> str:
    """supervisord has no escapes inside quotes, and strips quotes at both ends of the value itself."""
    quote = "'" if '"' in value else '"'
    if quote in value or "\n" in value or value != value.strip("'\""):
        raise StackError(f"supervisord cannot pass on this value: {value!r}")
    return f"{quote}{value}{quote}"


def _escaped(text: str) -> str:
    if re.search(r"\s[;#]", text):  # there supervisord begins a comment, also in quotes
        raise StackError(f"supervisord cannot pass on a space before ; or #: {text!r}")
    return text.replace("%", "%%")


def supervisor_command(configuration: Path) -> list[str]:
    """What runs supervisord in the foreground."""
    return [sys.executable, "-m", "stack.supervisor", str(configuration)]


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
        process.returncode = 0  # it stays: nobody waits for it, and Popen must not warn about that

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
