"""Which port each part listens on: the usual one, or the one of the last run, or another where those are taken."""

import json
from collections.abc import Callable, Collection, Mapping

from stack.directory import RunDirectory, read_json, write_private
from testing.local_servers.ports import free_port, is_free

STEP = 1000  # a second checkout gets 9000, 9101, 9102 ... beside the first one's 8000, 8101, 8102 ...


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
        candidates = [] if any_free else range(usual, 65536, STEP)
        for port in candidates:
            if port not in reserved and is_free(port):
                return port
        while (port := free_port()) in reserved:
            pass
        return port
