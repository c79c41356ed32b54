"""Where alerts arrive: a server that takes what Alertmanager sends to a webhook, as somebody's own would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Told:
    """One alert of one message, and when it arrived."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    receiver: str
    at: float

    @property
    def name(self) -> str:
        return self.labels["alertname"]

    @property
    def about(self) -> tuple[str, str, str]:
        """What, whose, and how urgent."""
        return self.name, self.labels.get("service", ""), self.labels["severity"]


@dataclass
class Webhook:
    """A server at `url`; what it was sent is in `told`, in the order of arrival."""

    url: str = ""
    told: list[Told] = field(default_factory=list)

    def take(self, message: Mapping[str, Any]) -> None:
        """A message of Alertmanager's, whose alerts may be firing or resolved."""
        for alert in message["alerts"]:
            self.told.append(
                Told(
                    alert["status"],
                    alert["labels"],
                    alert["annotations"],
                    message["receiver"],
                    time.monotonic(),
                )
            )

    def of(self, service: str, status: str = "firing") -> list[Told]:
        return [told for told in self.told if told.labels.get("service") == service and told.status == status]

    def find(self, name: str, service: str, status: str = "firing", **labels: str) -> Told | None:
        """The first of these."""
        found = (told for told in self.of(service, status) if told.name == name)
        return next((told for told in found if labels.items() <= told.labels.items()), None)


@contextmanager
def listening() -> Iterator[Webhook]:
    """A webhook that answers while inside."""
    webhook = Webhook()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            webhook.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        webhook.url = f"http://127.0.0.1:{server.server_port}/alerts"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield webhook
        finally:
            server.shutdown()
            thread.join()
