"""Whether a JSON schema still fits those who know the older one: what they send is taken, what they read is there.

Said of `sent` values (requests): a value that was accepted is accepted still. Said of read ones (answers, events): what
arrives is what was promised. A new value of an enumeration is no break for readers: today's clients are told to expect
them. Ranges of read values are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]
LOWER_LIMITS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER_LIMITS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


@dataclass
class Comparison:
    """Compares parts of two documents, into which `$ref` points. A break is a sentence that begins with its place."""

    old: Schema
    new: Schema
    sent: bool
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def breaks(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        """What breaks for whoever knows `old`."""
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if "$ref" in old and "$ref" in new:
            if pair in self._seen:
                return  # of a schema that contains itself
            self._seen.add(pair)
        befores, afters = alternatives(old, self.old), alternatives(new, self.new)
        for given in befores if self.sent else afters:
            yield from self._fit(where, given, afters if self.sent else befores)
        self._seen.discard(pair)

    def _fit(self, where: str, given: Schema, others: list[Schema]) -> Iterator[str]:
        """Of one alternative: how it fails the one among the others that it fits best."""
        fitting = [other for other in others if fits(kind(given), kind(other))]
        if not fitting:
            yield (
                f"{where}: {kind(given)} is not accepted any more"
                if self.sent
                else (f"{where}: may be {kind(given)} now")
            )
            return
        found = [list(self._one(where, *((given, o) if self.sent else (o, given)))) for o in fitting]
        yield from min(found, key=len)

    def _one(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        yield from _enumerations(where, old, new, sent=self.sent)
        yield from _formats(where, old, new, sent=self.sent)
        if self.sent:
            yield from _limits(where, old, new)
        if kind(old) == "object":
            yield from self._object(where, old, new)
        elif kind(old) == "array" and "items" in old and "items" in new:
            yield from self.breaks(f"{where}[]", old["items"], new["items"])

    def _object(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name in before.keys() - after.keys():
            yield f"{where}.{name}: was removed"
        for name in before.keys() & after.keys():
            yield from self.breaks(f"{where}.{name}", before[name], after[name])
        was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
        if self.sent:
            for name in is_required - was_required:
                yield f"{where}.{name}: is required now"
            if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
                yield f"{where}: refuses unknown fields now"
        else:
            for name in (was_required - is_required) & after.keys():
                yield f"{where}.{name}: may be missing now"
        values = old.get("additionalProperties"), new.get("additionalProperties")
        if isinstance(values[0], Mapping) and isinstance(values[1], Mapping):
            yield from self.breaks(f"{where}.*", values[0], values[1])


def alternatives(schema: Schema, document: Schema) -> list[Schema]:
    """What the value may be: `anyOf`, `oneOf` and lists of types taken apart, references followed."""
    schema = resolve(schema, document)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return [found for part in schema[union] for found in alternatives(part, document)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": name} for name in schema["type"]]
    return [schema]


def resolve(schema: Schema, document: Schema) -> Schema:
    """The schema that a `$ref` or a lone `allOf` stands for."""
    while True:
        if "$ref" in schema:
            found: Any = document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        elif len(schema.get("allOf", ())) == 1:
            schema = {**{k: v for k, v in schema.items() if k != "allOf"}, **schema["allOf"][0]}
        else:
            return schema


def kind(schema: Schema) -> str:
    """Its type, `any` where it says none."""
    named: str = schema.get("type", "object" if "properties" in schema else "any")
    return named


def fits(given: str, other: str) -> bool:
    """Whether a value of one type is one of the other."""
    return other in ("any", given) or (given, other) == ("integer", "number")


def _enumerations(where: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
    before, after = _values(old), _values(new)
    if before is not None and after is not None:
        for value in sorted(before - after, key=repr):
            yield f"{where}: {value!r} is not {'accepted' if sent else 'given'} any more"
    elif after is not None and sent:
        yield f"{where}: only {sorted(after, key=repr)} are accepted now"
    elif before is not None and not sent:
        yield f"{where}: may be anything now"


def _values(schema: Schema) -> set[Any] | None:
    if "const" in schema:
        return {schema["const"]}
    return set(schema["enum"]) if "enum" in schema else None


def _formats(where: str, old: Schema, new: Schema, *, sent: bool) -> Iterator[str]:
    for name in ("format", "pattern") if sent else ("format",):
        before, after = old.get(name), new.get(name)
        if before != after and not (sent and after is None):
            yield f"{where}: {name} was {before}, is {after}"


def _limits(where: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in (*LOWER_LIMITS, *UPPER_LIMITS):
        before, after = old.get(name), new.get(name)
        if after is not None and (
            before is None or (after > before if name in LOWER_LIMITS else after < before)
        ):
            yield f"{where}: {name} was {before}, is {after}"
