"""Compares docs/events.md, what services publish, and what others read of it."""

from __future__ import annotations

import importlib
import pkgutil
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from shared.events.event import Event

if TYPE_CHECKING:
    from shared.events.consumer import Consumer

Produced = Mapping[str, Sequence[type[Event]]]
"""By service: the events that it declares."""


@dataclass(frozen=True, slots=True)
class Documented:
    """One row of the catalogue."""

    producer: str
    type: str
    version: int
    fields: frozenset[str]
    consumers: frozenset[str]


def declared(package: str) -> list[type[Event]]:
    """The events of a service: those declared in its modules named `events`."""
    root = importlib.import_module(package)
    names = [found.name for found in pkgutil.walk_packages(root.__path__, f"{package}.")]
    modules = [importlib.import_module(name) for name in names if name.rpartition(".")[2] == "events"]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Event)
        and value.__module__ == module.__name__
        and hasattr(value, "type")
    ]


def describe(model: type[Event]) -> list[str]:
    """Its fields as the catalogue writes them, such as `valid_until: datetime | null`."""
    return [f"{name}: {_name(field.annotation)}" for name, field in model.model_fields.items()]


def documented(markdown: str) -> list[Documented]:
    """The rows of the tables `| type | version | key | data | read by | when |` under `## <producer>` headings."""
    rows, producer = [], ""
    for line in markdown.splitlines():
        if line.startswith("## "):
            producer = line[3:].strip()
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 6 and cells[0].startswith("`"):
            type_, version, _, data, consumers, _ = cells
            fields = frozenset(name.replace("\\|", "|") for name in re.findall(r"`([^`]+)`", data))
            readers = frozenset(re.findall(r"[a-z]+", consumers))
            rows.append(Documented(producer, type_.strip("`"), int(version), fields, readers))
    return rows


def differences(markdown: str, produced: Produced, consumers: Iterable[Consumer]) -> list[str]:
    """What does not agree, in sentences; empty when all does."""
    consumers = list(consumers)
    readers = _readers(consumers)
    expected = {
        Documented(
            producer,
            event.type,
            event.schema_version,
            frozenset(describe(event)),
            frozenset(readers.get((producer, event.type, event.schema_version), ())),
        )
        for producer, events in produced.items()
        for event in events
    }
    found = set(documented(markdown))
    return [
        *(f"the code has, the catalogue has not: {row}" for row in sorted(expected - found, key=repr)),
        *(f"the catalogue has, the code has not: {row}" for row in sorted(found - expected, key=repr)),
        *broken_contracts(produced, consumers),
    ]


def broken_contracts(produced: Produced, consumers: Iterable[Consumer]) -> list[str]:
    """Where a consumer reads what its producer does not say."""
    known = {
        (producer, event.type, event.schema_version): set(describe(event))
        for producer, events in produced.items()
        for event in events
    }
    problems = []
    for consumer in consumers:
        for key, subscription in consumer.subscriptions.items():
            missing = set(describe(subscription.model)) - known.get(key, set())
            if key not in known:
                problems.append(f"{consumer.service} reads {key}, which no service publishes")
            elif missing:
                problems.append(
                    f"{consumer.service} reads {sorted(missing)} of {key}, which it does not have"
                )
    return problems


def _readers(consumers: Iterable[Consumer]) -> dict[tuple[str, str, int], set[str]]:
    readers: dict[tuple[str, str, int], set[str]] = {}
    for consumer in consumers:
        for key in consumer.subscriptions:
            readers.setdefault(key, set()).add(consumer.service)
    return readers


def _name(annotation: Any) -> str:
    if annotation is type(None):
        return "null"
    if get_origin(annotation) in {Union, types.UnionType}:
        return " | ".join(_name(part) for part in get_args(annotation))
    return str(getattr(annotation, "__name__", annotation))
