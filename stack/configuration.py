"""supervisord's configuration file, from programs."""

import re
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from stack.directory import CHECKOUT, RunDirectory, write_private
from stack.errors import StackError
from stack.processes import MARKER, PART
from stack.program import Program

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
    """supervisord knows no escapes in quotes, and strips quotes at both ends of the value itself."""
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
    return [sys.executable, "-m", "stack.supervision", str(configuration)]
