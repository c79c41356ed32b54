"""What every command needs: the stack of a directory, its ports, its supervisor, and what of it is alive."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stack.databases import postgres_server, valkey_server
from stack.directory import Credentials, RunDirectory, read_json, write_private
from stack.environment import Addresses
from stack.errors import StackError
from stack.options import Options, wanted_ports
from stack.plan import Stack
from stack.processes import SUPERVISOR, Marked, end, marked, orphans
from stack.supervisor import Supervisor
from testing.local_servers.process import free_port, is_free

PORT_STEP = 1000  # a second checkout gets 9000, 9101, 9102 ... beside the first one's 8000, 8101, 8102 ...
SUPERVISOR_PORT = 8109


class Ports:
    """Remembers, in `ports.json`, which port each part got when it wanted which."""

    def __init__(self, directory: RunDirectory) -> None:
        self._path = directory.root / "ports.json"
        self._known: dict[str, dict[str, int]] = read_json(self._path)

    def choose(
        self,
        wanted: Mapping[str, int],
        *,
        running: Collection[str],
        report: Callable[[str], None],
        any_free: bool = False,
    ) -> dict[str, int]:
        """A port per part. The parts that are `running` keep theirs; a taken port is named by `report`."""
        chosen: dict[str, int] = {}
        for part, usual in wanted.items():
            known = self._known.get(part, {})
            last = known.get("port") if known.get("wanted") == usual else None
            if last is not None and (part in running or is_free(last)):
                chosen[part] = last
            else:
                chosen[part] = self._new(
                    usual, {*chosen.values(), *wanted.values()} - {usual}, any_free=any_free
                )
                missed = last if any_free else usual
                if missed not in (None, chosen[part]):
                    report(f"port {missed} of {part} is taken: {chosen[part]} instead")
            self._known[part] = {"wanted": usual, "port": chosen[part]}
        write_private(self._path, json.dumps(self._known, indent=2) + "\n")
        return chosen

    def known(self) -> dict[str, int]:
        """The ports of the last run."""
        return {part: entry["port"] for part, entry in self._known.items()}

    @staticmethod
    def _new(usual: int, reserved: Collection[int], *, any_free: bool) -> int:
        candidates = [] if any_free else range(usual, 65536, PORT_STEP)
        for port in candidates:
            if port not in reserved and is_free(port):
                return port
        while (port := free_port()) in reserved:
            pass
        return port


@dataclass
class Control:
    """One stack's directory, and the supervisor that may be running it."""

    directory: RunDirectory

    def processes(self) -> list[Marked]:
        """Every process of the stack."""
        data = [self.directory.data / name for name in ("postgres", "replica")]
        return marked(self.directory.stack_id, postgres_data=data)

    def supervisor(self) -> Supervisor | None:
        """The supervisor, if it runs and answers."""
        port = Ports(self.directory).known().get("supervisor")
        if port is None or not any(entry.part == SUPERVISOR for entry in self.processes()):
            return None
        try:
            password = Credentials(self.directory).password("supervisor")
        except StackError:  # lost: it runs, but nobody may speak to it any more
            return None
        supervisor = Supervisor(port=port, password=password)
        return supervisor if supervisor.answers() else None

    def end_orphans(self, supervisor: Supervisor | None, say: Callable[[str], None]) -> None:
        """Ends what the supervisor does not look after; everything where none answers."""
        every = self.processes()
        if left := orphans(every) if supervisor else every:
            names = ", ".join(sorted({entry.part for entry in left}))
            say(f"ending what an interrupted run left: {names}")
            end(left)

    def stack(self, options: Options, ports: dict[str, int], credentials: Credentials) -> Stack:
        """The stack with these ports."""
        replica = options.replica and postgres_server(
            self.directory, "replica", ports["replica"], credentials, options
        )
        addresses = Addresses(
            ports=ports,
            postgres=postgres_server(self.directory, "postgres", ports["postgres"], credentials, options),
            replica=replica or None,
            valkey=valkey_server(self.directory, ports["valkey"], credentials),
        )
        return Stack(self.directory, options, credentials, addresses)

    def running_stack(self, supervisor: Supervisor) -> Stack:
        """The stack as the last `up` made it."""
        names = frozenset(supervisor.states())
        options = replace(Options(**read_json(self._options)), only=names)
        known = Ports(self.directory).known()
        ports = {part: known[part] for part in wanted_ports(options)}
        return self.stack(options, ports, Credentials(self.directory))

    def remember(self, options: Options) -> None:
        """Keeps what this `up` was asked for, for commands that come later."""
        write_private(self._options, json.dumps(asdict(replace(options, only=None))) + "\n")

    @property
    def _options(self) -> Path:
        return self.directory.root / "options.json"

    def ports(self, options: Options, running: set[str], say: Callable[[str], None]) -> dict[str, int]:
        """The ports of every part and of the supervisor."""
        wanted = wanted_ports(options) | {"supervisor": SUPERVISOR_PORT}
        return Ports(self.directory).choose(wanted, running=running, report=say, any_free=options.free_ports)


def is_root() -> bool:
    return os.geteuid() == 0
