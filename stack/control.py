"""What every command needs: the stack of a directory, its supervisor, and what of it is alive."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stack.credentials import Credentials
from stack.directory import RunDirectory, read_json, write_private
from stack.environment import Addresses
from stack.options import Options
from stack.parts import wanted_ports
from stack.plan import Stack
from stack.ports import Ports
from stack.processes import Marked, end, marked, orphans
from stack.servers import postgres_server, valkey_server
from stack.supervision import Supervisor

SUPERVISOR_PORT = 8109


@dataclass
class Control:
    """One stack's directory, and the supervisor that may be running it."""

    directory: RunDirectory

    def processes(self) -> list[Marked]:
        """Every process of the stack."""
        data = [self.directory.data / name for name in ("postgres", "replica")]
        return marked(self.directory.stack_id, postgres_data=data)

    def end_orphans(self, say: Callable[[str], None]) -> None:
        """Ends what nobody looks after any more."""
        if left := orphans(self.processes()):
            names = ", ".join(sorted({entry.part for entry in left}))
            say(f"ending what an interrupted run left: {names}")
            end(left)

    def supervisor(self) -> Supervisor | None:
        """The running supervisor, if it runs and answers; one that does not answer is ended."""
        running = [entry for entry in self.processes() if entry.part == "supervisor"]
        if not running:
            return None
        port = Ports(self.directory).known().get("supervisor")
        if port is not None and len(running) == 1:
            supervisor = Supervisor(port=port, password=Credentials(self.directory).password("supervisor"))
            if supervisor.answers():
                return supervisor
        end(running)
        return None

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
