"""A stack of the proof's own with Prometheus, Alertmanager and a webhook, at a pace that a test can wait for."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from stack.supervisor import Supervisor
from testing import eventually
from tests.alerts.pace import Pace
from tests.alerts.webhook import Webhook
from tests.conftest import DOWN_SECONDS, run_stack
from tests.stack.driver import SmallStack

PARTS = (
    "postgres replica valkey sandbox networks platform coocook sns"
    " exporter-postgres exporter-replica exporter-valkey prometheus alertmanager"
)
"""Not the machine's own exporter: whether that is busy or its disk full is not what is tested."""
PUBLISH_AT_A_TIME = 2
SLACK_SECONDS = 45.0
"""What a slow machine may take beyond what rules and Alertmanager wait for."""


@dataclass(frozen=True)
class Watched:
    """The stack that is watched. `about` is its stack.json. `demo` and `newcomer` are access tokens: of the demo user,
    who is subscribed to everything, and of somebody who is to nothing."""

    directory: Path
    about: dict[str, Any]
    pace: Pace
    webhook: Webhook
    http: httpx.AsyncClient
    demo: str
    newcomer: str

    def within(self, *durations: str) -> float:
        """The time until something arrives that takes so long by the committed rules."""
        return sum(map(self.pace.seconds, durations)) + SLACK_SECONDS

    @property
    def supervisor(self) -> Supervisor:
        found = SmallStack(self.directory).control.supervisor()
        assert found is not None
        return found

    async def kill(self, part: str) -> None:
        """Without warning, and nobody starts it again."""
        pid = SmallStack(self.directory).pids()[part]
        os.kill(pid, signal.SIGSTOP)  # so that it has no time to end well while the supervisor is told
        stopping = asyncio.to_thread(self.supervisor.stop, [part])
        os.kill(pid, signal.SIGKILL)
        await stopping

    async def start(self, part: str) -> None:
        await asyncio.to_thread(self.supervisor.start, part)

    @asynccontextmanager
    async def owning(
        self, database: str = "postgres", *, replica: bool = False
    ) -> AsyncIterator[asyncpg.Connection]:
        """A connection with rights that no service has."""
        addresses = SmallStack(self.directory).control.running_stack(self.supervisor).addresses
        server = addresses.replica if replica else addresses.postgres
        assert server is not None
        connection = await asyncpg.connect(server.url(database))
        try:
            yield connection
        finally:
            await connection.close()

    async def active_for(self, name: str, service: str) -> float | None:
        """Since how many seconds Prometheus sees it, be it that it fires or waits for its `for`."""
        answer = (await self.http.get(f"{self.about['prometheus']}/api/v1/alerts")).json()
        since = [
            datetime.fromisoformat(alert["activeAt"])
            for alert in answer["data"]["alerts"]
            if (alert["labels"]["alertname"], alert["labels"].get("service")) == (name, service)
        ]
        return (datetime.now(UTC) - min(since)).total_seconds() if since else None

    async def silenced_by(self, name: str, service: str) -> set[str]:
        """The names of the alerts that keep one from being told."""
        found = (await self.http.get(f"{self.about['alertmanager']}/api/v2/alerts")).json()
        names = {alert["fingerprint"]: alert["labels"]["alertname"] for alert in found}
        return {
            names[by]
            for alert in found
            for by in alert["status"]["inhibitedBy"]
            if (alert["labels"]["alertname"], alert["labels"].get("service")) == (name, service)
        }


@asynccontextmanager
async def watched_stack(directory: Path, pace: Pace, webhook: Webhook) -> AsyncIterator[Watched]:
    """One that is up, and gone afterwards."""
    try:
        started = await asyncio.to_thread(
            run_stack, directory, "up", WATCH="1", REPLICAS="1", ONLY=PARTS,
            ALERT_WEBHOOK_URL=webhook.url, PUBLISH_AT_A_TIME=str(PUBLISH_AT_A_TIME),
        )  # fmt: skip
        assert started.returncode == 0, started.stdout
        about = json.loads((directory / "stack.json").read_text())
        async with httpx.AsyncClient(timeout=20) as http:
            watched = Watched(directory, about, pace, webhook, http, *await _log_in(http, about))
            await _hurry(watched)
            yield watched
    finally:
        stopped = await asyncio.to_thread(run_stack, directory, "clean", seconds=DOWN_SECONDS)
        assert stopped.returncode == 0, stopped.stdout


async def _log_in(http: httpx.AsyncClient, about: dict[str, Any]) -> tuple[str, str]:
    known = about["users"]["demo"]
    demo = {"email": known["email"], "password": known["password"]}
    newcomer = {"email": "newcomer@example.com", "password": secrets.token_hex(10), "name": "Newcomer"}

    async def token(path: str, body: dict[str, str]) -> str:
        answer = await http.post(f"{about['services']['platform']}/api/auth/{path}", json=body)
        assert answer.status_code in {200, 201}, answer.text  # 503 on a busy machine
        return str(answer.json()["access_token"])

    return (
        await eventually(lambda: token("login", demo), within=SLACK_SECONDS, every=0.5),
        await eventually(lambda: token("register", newcomer), within=SLACK_SECONDS, every=0.5),
    )


async def _hurry(watched: Watched) -> None:
    """Has Prometheus and Alertmanager read what the stack wrote for them once more, at the test's pace."""
    rules, pids = watched.directory / "rules", SmallStack(watched.directory).pids()
    watched.pace.write_rules(rules)
    for part, faster in (
        ("prometheus", lambda text: watched.pace.prometheus(text, rules)),
        ("alertmanager", watched.pace.alertmanager),
    ):
        file = watched.directory / f"{part}.yml"
        file.write_text(faster(file.read_text()))
        os.kill(pids[part], signal.SIGHUP)

    async def files() -> set[str]:
        answer = (await watched.http.get(f"{watched.about['prometheus']}/api/v1/rules")).json()
        return {str(Path(group["file"]).parent) for group in answer["data"]["groups"]}

    async def told() -> str:
        answer = (await watched.http.get(f"{watched.about['alertmanager']}/api/v2/status")).json()
        return str(answer["config"]["original"])

    wait = watched.pace.duration("15s").removesuffix("ms")
    await eventually(files, within=SLACK_SECONDS, every=0.1, until=lambda found: found == {str(rules)})
    await eventually(
        told, within=SLACK_SECONDS, every=0.1, until=lambda text: f"group_wait: {wait}ms" in text
    )
