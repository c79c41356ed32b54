"""What WATCH=1 adds: Prometheus and Alertmanager beside the platform, and the exporters."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.request import urlopen

from monitoring import RULES
from monitoring.alertmanager import configuration as alertmanager_yml
from monitoring.errors import ToolsMissing
from monitoring.prometheus import Target
from monitoring.prometheus import configuration as prometheus_yml
from monitoring.tools import Tools
from stack.directory import Credentials, RunDirectory, write_private
from stack.environment import Addresses
from stack.errors import PartFailed, StackError
from stack.exporters import COMPONENTS, TIER, Exporters
from stack.options import Options, part_names, worker_names
from stack.services import SERVICES
from stack.steps import Program, Step, Task, http_ok

PROGRAMS = ("prometheus", "alertmanager", "postgres-exporter", "redis-exporter", "node-exporter")
KEPT = "35d"
"""The objectives are about 30 days."""
FIRST_SCRAPE_SECONDS = 30.0


def require_tools() -> None:
    """Raises StackError where a program is missing, which says how to get it."""
    try:
        Tools().require(PROGRAMS)
    except ToolsMissing as error:
        raise StackError(str(error)) from None


@dataclass(frozen=True)
class Monitoring:
    """What watches one stack."""

    directory: RunDirectory
    addresses: Addresses
    credentials: Credentials
    options: Options

    def steps(self) -> list[Step]:
        watched = tuple(part for part in part_names(self.options) if part != "prometheus")
        return [
            *Exporters(self.addresses, self.credentials, self.options).steps(),
            self._alertmanager(),
            self._prometheus(after=watched),
            Task("targets", "prometheus", self._all_scraped, ("prometheus",)),
        ]

    def targets(self) -> list[Target]:
        """What is scraped, of what runs."""
        running = set(part_names(self.options))
        return [target for part, target in self._targets() if part in running]

    def _targets(self) -> Iterator[tuple[str, Target]]:
        """Every part that may run, and how it is scraped."""
        for service in SERVICES:
            api, workers = [f"{service.name}-api"], worker_names(service.name, self.options)
            for component, parts in (("api", api), ("worker", workers)):
                labels = {"service": service.name, "component": component}
                yield from ((part, Target(component, self._at(part), labels)) for part in parts)
        if self.options.gateway:
            labels = {"service": "gateway", "component": "gateway"}
            yield "gateway", Target("gateway", self._at("gateway-admin"), labels, "/stats/prometheus")
        others = {**COMPONENTS, "alertmanager": "alertmanager", "prometheus": "prometheus"}
        for part, component in others.items():
            if part in self.addresses.ports:
                yield part, Target(component, self._at(part), {"component": component})

    def _at(self, part: str) -> str:
        return f"127.0.0.1:{self.addresses.ports[part]}"

    def _alertmanager(self) -> Program:
        command = [
            *Tools().command("alertmanager"),
            f"--config.file={self.directory.root / 'alertmanager.yml'}",
            f"--storage.path={self.directory.data / 'alertmanager'}",
            "--cluster.listen-address=",
            f"--web.listen-address={self._at('alertmanager')}",
        ]
        return self._program(
            "alertmanager", command, {"alertmanager.yml": alertmanager_yml(self.options.alerts)}
        )

    def _prometheus(self, *, after: tuple[str, ...]) -> Program:
        command = [
            *Tools().command("prometheus"),
            f"--config.file={self.directory.root / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.directory.data / 'prometheus'}",
            f"--storage.tsdb.retention.time={KEPT}",
            "--enable-feature=exemplar-storage",
            f"--web.listen-address={self._at('prometheus')}",
        ]
        alertmanager = self._at("alertmanager") if "alertmanager" in part_names(self.options) else None
        text = prometheus_yml(self.targets(), alertmanager=alertmanager, interval=self.options.scrape)
        rules = "".join(path.read_text() for path in sorted(RULES.glob("*.yml")))
        return self._program(
            "prometheus", command, {"prometheus.yml": text}, after=after, RULES=_digest(rules)
        )

    def _program(
        self,
        name: str,
        command: Sequence[str],
        files: Mapping[str, str],
        *,
        after: tuple[str, ...] = (),
        **environment: str,
    ) -> Program:
        """Its files are written before it starts; when they change, it is started again."""

        def write() -> None:
            for file, text in files.items():
                write_private(self.directory.root / file, text)

        return Program(
            name=name,
            command=command,
            environment={**environment, "SOURCES": _digest(json.dumps(files))},
            healthy=partial(http_ok, f"{self.addresses.http(name)}/-/ready"),
            port=self.addresses.ports[name],
            prepare=write,
            after=after,
            tier=TIER,
        )

    async def _all_scraped(self) -> str:
        """Waits until every target has been scraped. Raises PartFailed, which names those that were not."""
        wanted = {target.address for target in self.targets()}
        missing = set(wanted)
        deadline = time.monotonic() + FIRST_SCRAPE_SECONDS
        # Once is enough: on a busy machine one or the other does not answer at any time.
        while missing := missing - await asyncio.to_thread(self._up):
            if time.monotonic() > deadline:
                raise PartFailed(f"Prometheus does not reach {', '.join(sorted(missing))}")
            await asyncio.sleep(0.2)
        return f"{len(wanted)} scraped, all up"

    def _up(self) -> set[str]:
        """The addresses of the targets that answered the last scrape."""
        url = f"{self.addresses.http('prometheus')}/api/v1/targets?state=active"
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310
                found = json.load(answer)["data"]["activeTargets"]
        except OSError:
            return set()
        return {target["labels"]["instance"] for target in found if target["health"] == "up"}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
