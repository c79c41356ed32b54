"""Whether an OpenAPI document still serves the clients of an older one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.contract.promises.schemas import Comparison, Schema, resolve

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def api_breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks for clients of `old`; each sentence begins with the endpoint."""
    before, after = _operations(old), _operations(new)
    found = [f"{name}: was removed" for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        found += _Operation(name, old, new).breaks(before[name], after[name])
    return sorted(found)


def _operations(document: Schema) -> dict[str, Schema]:
    """By `METHOD /path`. What a path calls its variables is nobody's business but the server's."""
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '{}', path)}": operation
        for path, operations in document.get("paths", {}).items()
        for method, operation in operations.items()
        if method in METHODS
    }


class _Operation:
    """One endpoint of both documents."""

    def __init__(self, name: str, old: Schema, new: Schema) -> None:
        self._name = name
        self._old, self._new = old, new

    def breaks(self, old: Schema, new: Schema) -> Iterator[str]:
        if new.get("security") and not old.get("security"):
            yield f"{self._name}: asks for a token now"
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old.get("responses", {}), new.get("responses", {}))

    def _parameters(self, old: Schema, new: Schema) -> Iterator[str]:
        before, after = self._named(old, self._old), self._named(new, self._new)
        for key in before.keys() - after.keys():
            yield f"{self._name} {key}: was removed"
        for key, parameter in after.items():
            known = before.get(key)
            if parameter.get("required") and not (known and known.get("required")):
                yield f"{self._name} {key}: is required now"
            if known:
                comparison = Comparison(self._old, self._new, sent=True)
                yield from comparison.breaks(f"{self._name} {key}", known["schema"], parameter["schema"])

    def _named(self, operation: Schema, document: Schema) -> dict[str, Any]:
        """Parameters by place and name; those of the path by their order."""
        found: dict[str, Any] = {}
        for written in operation.get("parameters", ()):
            parameter = resolve(written, document)
            in_path = sum(key.startswith("path ") for key in found)
            name = str(in_path + 1) if parameter["in"] == "path" else parameter["name"]
            found[f"{parameter['in']} {name}"] = parameter
        return found

    def _body(self, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old and old.get("required")):
            yield f"{self._name} body: is required now"
        if old is not None and new is None:
            yield f"{self._name} body: is not read any more"
        if old is not None and new is not None:
            yield from self._contents("body", old, new, sent=True)

    def _answers(self, old: Schema, new: Schema) -> Iterator[str]:
        for status, before in old.items():
            if status in new:
                yield from self._contents(status, before, new[status], sent=False)
            elif status < "400":  # an error may become another, more precise one
                yield f"{self._name} {status}: is not answered any more"

    def _contents(self, where: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
        before = resolve(old, self._old).get("content", {})
        after = resolve(new, self._new).get("content", {})
        for media_type, content in before.items():
            if media_type not in after:
                yield f"{self._name} {where}: no {media_type} any more"
            else:
                schemas = content.get("schema", {}), after[media_type].get("schema", {})
                yield from Comparison(self._old, self._new, sent).breaks(f"{self._name} {where}", *schemas)
