"""Prometheus, Alertmanager and the exporters: where they are, and how to have them without root.

They are Debian packages. What is on PATH is taken first, then what `make monitoring-tools` has fetched: apt downloads
and verifies, as it does for the whole machine, but into a folder of ours, and dpkg-deb unpacks there. This has the
standard library alone.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitoring import CACHE
from monitoring.errors import MonitoringError, ToolsMissing


@dataclass(frozen=True)
class Tool:
    """A program: the Debian package that has it, and its names, Debian's first."""

    package: str
    names: tuple[str, ...]


TOOLS = {
    "prometheus": Tool("prometheus", ("prometheus",)),
    "promtool": Tool("prometheus", ("promtool",)),
    "alertmanager": Tool("prometheus-alertmanager", ("prometheus-alertmanager", "alertmanager")),
    "amtool": Tool("prometheus-alertmanager", ("amtool",)),
    "postgres-exporter": Tool(
        "prometheus-postgres-exporter", ("prometheus-postgres-exporter", "postgres_exporter")
    ),
    "redis-exporter": Tool("prometheus-redis-exporter", ("prometheus-redis-exporter", "redis_exporter")),
    "node-exporter": Tool("prometheus-node-exporter", ("prometheus-node-exporter", "node_exporter")),
}
PACKAGES = tuple(dict.fromkeys(tool.package for tool in TOOLS.values()))
WEB_FILES = re.compile(r"\b(?:libjs|fonts)-[a-z0-9.+-]+")
"""Of a package's dependencies, what Prometheus' own pages are made of; the others every Debian machine has."""
FETCH_SECONDS = 600
HOW = """\
The monitoring programs are missing: {missing}. Either
  make monitoring-tools                         fetches them into build/monitoring; on Debian or Ubuntu, without root
  apt-get install {packages}    installs them, as root
or put them on PATH yourself."""
NO_APT = """\
{program} is not on PATH: only Debian and Ubuntu have what this fetches from. Put the programs of {packages} on PATH."""


@dataclass(frozen=True)
class Tools:
    """The programs of this machine; `fetched` is where `fetch` unpacks."""

    fetched: Path = CACHE

    @property
    def unpacked(self) -> Path:
        return self.fetched / "root"

    def find(self, name: str) -> Path | None:
        """The program, on PATH or fetched."""
        own = self.unpacked / "usr" / "bin"
        for folder in (None, str(own)):
            for program in TOOLS[name].names:
                if found := shutil.which(program, path=folder):
                    return Path(found)
        return None

    def require(self, names: Iterable[str] = TOOLS) -> dict[str, Path]:
        """The programs by their names here. Raises ToolsMissing, which says what to install."""
        found = {name: self.find(name) for name in names}
        missing = [name for name, program in found.items() if program is None]
        if missing:
            packages = " ".join(dict.fromkeys(TOOLS[name].package for name in missing))
            raise ToolsMissing(HOW.format(missing=", ".join(missing), packages=packages))
        return {name: program for name, program in found.items() if program is not None}

    def command(self, name: str) -> list[str]:
        """How the program is started; its name alone where it is missing. A fetched one is told where its files are."""
        program = self.find(name) or Path(name)
        files = self.unpacked / "usr" / "share" / "prometheus"
        if not program.is_relative_to(self.unpacked):
            return [str(program)]
        if name == "prometheus":
            return [str(program), f"--web.local-assets={files / 'web'}/"]
        return (
            ["env", "-C", str(files / "alertmanager"), str(program)]
            if name == "alertmanager"
            else [str(program)]
        )


def fetch(tools: Tools) -> bool:
    """Fetches what is missing; whether anything was. Raises MonitoringError. Several at once are one after another."""
    tools.fetched.mkdir(parents=True, exist_ok=True)
    with (tools.fetched / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all(tools.find(name) for name in TOOLS):
            return False
        for program in ("apt-get", "dpkg-deb"):
            if shutil.which(program) is None:
                raise MonitoringError(NO_APT.format(program=program, packages=", ".join(PACKAGES)))
        Apt(tools.fetched).unpack(PACKAGES)
    tools.require()
    return True


def _relocate(alertmanager: Path) -> None:
    """Debian's Alertmanager has the folder of its templates built in: let it be the one that it is started in.

    A path of the same length takes its place in our copy, as package managers do that install into any prefix.
    """
    built_in = b"/usr/share/prometheus/alertmanager"
    started_in = b"/proc/self/cwd".ljust(len(built_in), b"/")
    alertmanager.write_bytes(alertmanager.read_bytes().replace(built_in, started_in))


@dataclass(frozen=True)
class Apt:
    """This machine's apt, with lists and archives of its own: so it asks for no right to the system's."""

    folder: Path

    def unpack(self, packages: Iterable[str]) -> None:
        """The packages, and the web files that they depend on, into `root`; whole or not at all."""
        fresh, archives = self.folder / "root.new", self.folder / "archives"
        for path in (fresh, archives):
            shutil.rmtree(path, ignore_errors=True)
        for path in (fresh, archives, self.folder / "lists" / "partial"):
            path.mkdir(parents=True, exist_ok=True)
        self._run("apt-get", "-qq", *self._options(), "update")
        self._download(set(packages), archives)
        for archive in sorted(archives.glob("*.deb")):
            self._run("dpkg-deb", "-x", str(archive), str(fresh))
        _relocate(fresh / "usr" / "bin" / "prometheus-alertmanager")
        shutil.rmtree(self.folder / "root", ignore_errors=True)
        fresh.rename(self.folder / "root")
        for path in (archives, self.folder / "lists", self.folder / "cache"):
            shutil.rmtree(path)

    def _download(self, packages: set[str], archives: Path) -> None:
        had: set[str] = set()
        while missing := packages - had:
            self._run("apt-get", "-qq", *self._options(), "download", *sorted(missing), cwd=archives)
            had |= missing
            depends = [self._run("dpkg-deb", "-f", str(path), "Depends") for path in archives.glob("*.deb")]
            packages = packages | set(WEB_FILES.findall(" ".join(depends)))

    def _options(self) -> list[str]:
        settings = {
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            "Acquire::Retries": 3,
            "APT::Sandbox::User": "root",  # apt's own user may not read our folders
        }
        (self.folder / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]

    def _run(self, *command: str, cwd: Path | None = None) -> str:
        try:
            done = subprocess.run(
                command, cwd=cwd or self.folder, capture_output=True, text=True, timeout=FETCH_SECONDS,
                check=False, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise MonitoringError(f"{command[0]} did not end in {FETCH_SECONDS} s") from None
        if done.returncode != 0:
            raise MonitoringError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.strip()}")
        return done.stdout
