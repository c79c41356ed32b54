"""YAML files: read so that every value can be traced to its line, and written so that no reader sees half of one.

What YAML hides is kept: repeated keys, aliases.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gateway.errors import GatewayError

Where = tuple[str | int, ...]
"""A place in the document: ("services", 0, "routes", 2, "paths")."""


@dataclass(frozen=True)
class Document:
    """A parsed file: its data, the line (from 1) of every place, repeated keys and aliases with their lines."""

    data: dict[str, Any]
    lines: dict[Where, int]
    repeated: list[tuple[Where, int]] = field(default_factory=list)
    aliases: list[int] = field(default_factory=list)

    def line(self, where: Where) -> int:
        """The line of a place, or of the nearest thing around it that stands in the file."""
        for end in range(len(where), -1, -1):
            if where[:end] in self.lines:
                return self.lines[where[:end]]
        return 1


def read_document(path: Path) -> Document:
    """Parse the file. Raises GatewayError when it is missing, is not YAML, or is not a mapping."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise GatewayError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_document(text, name=str(path))


def parse_document(text: str, *, name: str = "kong.yml") -> Document:
    """Parse YAML text; `name` stands in error messages. Raises GatewayError."""
    try:
        aliases = [_line(event) for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent)]
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise GatewayError(f"{name}: is not YAML: {error}") from error
    if node is None or not isinstance(data, dict):
        raise GatewayError(f"{name}: the file must be a mapping")
    document = Document(data=data, lines={}, aliases=aliases)
    for where, line, is_repeated in _walk(node, ()):
        if is_repeated:
            document.repeated.append((where, line))
        document.lines.setdefault(where, line)
    return document


def _walk(node: yaml.Node, where: Where) -> Iterator[tuple[Where, int, bool]]:
    """Yield (place, line, whether its key stands there a second time) for everything below a node."""
    yield where, _line(node), False
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(child, (*where, index))
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            place = (*where, str(key.value))
            yield place, _line(key), key.value in seen
            seen.add(key.value)
            yield from _walk(child, place)


def _line(part: yaml.Event | yaml.Node) -> int:
    return part.start_mark.line + 1 if part.start_mark else 1


def spell(where: Where, data: object) -> str:
    """A place as people read it: services[coocook].routes[coocook-chefs].paths[0]; entries go by their names."""
    text = ""
    for step in where:
        inside = _step(data, step)
        if isinstance(step, int):
            name = inside.get("name") if isinstance(inside, dict) else None
            text += f"[{name or step}]"
        else:
            text += f".{step}" if text else step
        data = inside
    return text or "file"


def _step(data: object, step: str | int) -> Any:
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return data.get(step) if isinstance(data, dict) else None


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step: a reader sees the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
