"""What services promise: their OpenAPI documents and their events, as the code says it and as docs/api keeps it."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.events.catalogue import declared
from shared.web.app import create_app
from testing.app import BASE_SETTINGS
from tests.contract.promises.operations import api_breaks
from tests.contract.promises.schemas import Comparison, Schema

ROOT = Path(__file__).parents[3]
DIRECTORY = "docs/api"
ACCEPTED = "accepted.txt"


@dataclass(frozen=True)
class Promise:
    """What one service promises. `events` are by type and version."""

    service: str
    openapi: dict[str, Any]
    events: dict[str, Any]

    @property
    def file(self) -> str:
        """Its snapshot's name."""
        return f"{self.service}.json"

    def text(self) -> str:
        """Its snapshot: the same code gives the same bytes."""
        content = {"openapi": self.openapi, "events": self.events}
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def promised(service: str) -> Promise:
    """What the code says now. No setting matters to it, so none is checked."""
    definition = importlib.import_module(f"{service}_service.definition").definition
    settings = definition.settings_type.model_construct(**BASE_SETTINGS)
    events = {
        f"{event.type} {event.schema_version}": event.model_json_schema(mode="serialization")
        for event in declared(f"{service}_service")
    }
    return Promise(service, create_app(definition, settings).openapi(), events)


def read(service: str, text: str) -> Promise:
    """A snapshot."""
    content = json.loads(text)
    return Promise(service, content["openapi"], content["events"])


def breaks(old: Promise, new: Promise) -> list[str]:
    """What breaks for consumers of `old`, one sentence each."""
    found = [*api_breaks(old.openapi, new.openapi), *event_breaks(old.events, new.events)]
    return [f"{new.service}: {sentence}" for sentence in found]


def event_breaks(old: Schema, new: Schema) -> list[str]:
    """The same of events: a consumer reads the fields of a version for as long as that version exists."""
    found = [f"event {name}: was removed" for name in old.keys() - new.keys()]
    for name in old.keys() & new.keys():
        found += Comparison(old[name], new[name], sent=False).breaks(f"event {name}", old[name], new[name])
    return sorted(found)


def accepted(directory: Path) -> set[str]:
    """Breaks that somebody answered for: lines of `accepted.txt`, up to their ` # reason`."""
    file = directory / ACCEPTED
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line.partition(" # ")[0].strip() for line in lines if line and not line.startswith("#")}
