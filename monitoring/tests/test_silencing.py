"""A running Alertmanager: what is down silences what follows from it, and the rest reaches somebody."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.request import Request, urlopen

import pytest

from monitoring.alertmanager import configuration
from monitoring.tools import Tools

SECONDS = 30.0
Labels = dict[str, str]


def eventually(holds: Callable[[], bool], last: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, last()
        threading.Event().wait(0.05)


class Alertmanager:
    """One that runs; what it sends arrives in `received`."""

    def __init__(self, url: str, received: Queue[Any]) -> None:
        self._url = url
        self.received = received

    def is_ready(self) -> bool:
        try:
            with urlopen(f"{self._url}/-/ready", timeout=1):  # noqa: S310
                return True
        except OSError:
            return False

    def fire(self, *firing: Labels) -> None:
        now = datetime.now(UTC).isoformat()
        texts = {
            "summary": "It is broken",
            "description": "Users wait.",
            "runbook": "docs/runbooks/alerts/x.md",
        }
        alerts = [{"labels": labels, "annotations": texts, "startsAt": now} for labels in firing]
        self._ask("/api/v2/alerts", alerts)

    def silenced(self) -> set[str]:
        """The names of those that fire and are not told of."""
        found = self._ask("/api/v2/alerts")
        return {alert["labels"]["alertname"] for alert in found if alert["status"]["inhibitedBy"]}

    def _ask(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data, {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")


@pytest.fixture
def alertmanager(tools: Tools, tmp_path: Path, free_ports: Callable[[], int]) -> Iterator[Alertmanager]:
    received: Queue[Any] = Queue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    file, port = tmp_path / "alertmanager.yml", free_ports()
    text = configuration({"ALERT_WEBHOOK_URL": f"http://127.0.0.1:{hook.server_port}/"})
    file.write_text(text.replace("group_wait: 15s", "group_wait: 0s"))
    command = [
        *tools.command("alertmanager"), f"--config.file={file}", f"--storage.path={tmp_path / 'data'}",
        "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        started = Alertmanager(f"http://127.0.0.1:{port}", received)
        try:
            eventually(started.is_ready, (tmp_path / "log").read_text)
            yield started
        finally:
            process.terminate()
            process.wait(10)
            hook.shutdown()
            hook.server_close()


def page(name: str, service: str | None = None, **labels: str) -> Labels:
    own = {"service": service} if service else {}
    return {"alertname": name, "severity": "page", **own, **labels}


@pytest.mark.parametrize(
    ("firing", "silenced"),
    [
        (
            [page("ServiceDown", "sns"), page("HighLatency", "sns"), page("HighErrorRate", "sns"),
             page("HighErrorRate", "coocook"), page("OutboxNotMoving", "sns")],
            {"HighLatency", "HighErrorRate"},
        ),
        (
            [page("PostgresDown", instance="a"), page("AvailabilityBudgetBurn", "ai", window="1h"),
             page("OutboxNotMoving", "sns"), page("DiskAlmostFull", instance="a")],
            {"AvailabilityBudgetBurn", "OutboxNotMoving"},
        ),
        ([page("PostgresDown", "ai", instance="a"), page("HighLatency", "sns")], set()),
        # Neither is asked for /metrics, so who does not answer there is down for another reason.
        ([page("PostgresDown", "ai"), page("ServiceDown", "ai"), page("WorkerDown", "ai"), page("HighErrorRate", "ai")],
         {"HighErrorRate"}),
        ([page("RedisDown"), page("OutboxNotMoving", "sns"), page("ConsumerLag", "sns"), page("LowCacheHitRate", "ai"),
          page("HighLatency", "ai"), page("LatencyBudgetBurn", "ai"), page("GatewayDown", "gateway"),
          page("ServiceDown", "review"), page("WorkerDown", "review"), page("HighErrorRate", "coocook"),
          page("AvailabilityBudgetBurn", "coocook"), page("JobsFailing", "platform")],
         {"OutboxNotMoving", "ConsumerLag", "LowCacheHitRate", "HighLatency", "LatencyBudgetBurn"}),
        ([page("WorkerDown", "sns"), page("ConsumerLag", "sns", source="platform")], {"ConsumerLag"}),
        ([page("ReplicaLag", "sns"), page("ReplicaUnusable", "sns"), page("ReplicaUnusable", "ai")],
         {"ReplicaUnusable"}),
        ([page("ReplicaDown", instance="a"), page("ReplicaLag", "sns"), page("ReplicaUnusable", "ai"),
          page("HighLatency", "ai")], {"ReplicaLag", "ReplicaUnusable"}),
        ([page("GatewayDown", "gateway"), page("HighLatency", "gateway"), page("RequestsWaiting", "ai")],
         {"HighLatency"}),
    ],
)  # fmt: skip
def test_what_is_down_silences_what_follows_and_nothing_else(
    alertmanager: Alertmanager, firing: list[Labels], silenced: set[str]
) -> None:
    alertmanager.fire(*firing)
    eventually(lambda: alertmanager.silenced() == silenced, alertmanager.silenced)


def test_of_a_page_and_a_ticket_about_one_thing_the_page_is_told(alertmanager: Alertmanager) -> None:
    disk = {"alertname": "DiskAlmostFull", "instance": "a"}
    there, elsewhere = {**disk, "mountpoint": "/data"}, {**disk, "mountpoint": "/"}
    alertmanager.fire({**there, "severity": "page"}, {**there, "severity": "ticket"})
    eventually(lambda: alertmanager.silenced() == {"DiskAlmostFull"}, alertmanager.silenced)
    alertmanager.fire({**elsewhere, "severity": "ticket", "alertname": "HighMemory"})
    assert alertmanager.silenced() == {"DiskAlmostFull"}


def test_a_page_reaches_its_receiver_in_one_message_for_a_service(alertmanager: Alertmanager) -> None:
    alertmanager.fire(page("HighLatency", "sns", instance="a"), page("HighLatency", "sns", instance="b"))
    told = alertmanager.received.get(timeout=SECONDS)
    assert (told["receiver"], told["status"]) == ("pages", "firing")
    assert [alert["labels"]["alertname"] for alert in told["alerts"]] == ["HighLatency", "HighLatency"]
    assert told["commonAnnotations"]["runbook"] == "docs/runbooks/alerts/x.md"
