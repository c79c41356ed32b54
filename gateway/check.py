"""Reads a kong.yml and says everything that is wrong with it, above all what Kong would accept without a word."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.document import Document, Where, read_document, spell
from gateway.errors import InvalidConfiguration
from gateway.model import KongFile
from gateway.rules import RULES, Finding, Gateway

PUBLIC_ENDPOINTS = Path(__file__).parent / "public-endpoints.txt"


def load(path: Path, *, public: frozenset[str] | None = None) -> KongFile:
    """The file, once it is known to keep every rule. Raises InvalidConfiguration listing all findings."""
    document = read_document(path)
    file, findings = examine(document, public=read_public(PUBLIC_ENDPOINTS) if public is None else public)
    if findings or file is None:
        raise InvalidConfiguration("\n".join(describe(document, finding, path) for finding in findings))
    return file


def read_public(path: Path) -> frozenset[str]:
    """The committed list of public endpoints, one "METHOD /path" a line."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def examine(document: Document, *, public: frozenset[str]) -> tuple[KongFile | None, list[Finding]]:
    """The model, unless the structure is wrong, and every finding in the order of the file."""
    findings = [
        Finding("key-twice", where, "this key stands here twice; Kong keeps one")
        for where, _ in document.repeated
    ]
    findings += [
        Finding("yaml-alias", (), f"line {line}: no aliases: Kong would share one entity")
        for line in document.aliases
    ]
    try:
        file = KongFile.model_validate(document.data)
    except ValidationError as error:
        return None, findings + [_structure(detail) for detail in error.errors()]
    findings += _broken_rules(Gateway(file, public))
    return file, sorted(findings, key=lambda finding: document.line(finding.where))


def _broken_rules(gateway: Gateway) -> list[Finding]:
    readable = not any(RULES["regex-is-valid"](gateway))
    # The other rules about routes read the patterns, so they have to wait until all can be read.
    names = RULES if readable else ["regex-is-valid"]
    return [Finding(name, where, message) for name in names for where, message in RULES[name](gateway)]


def _structure(detail: ErrorDetails) -> Finding:
    where: Where = tuple(detail["loc"])
    message = detail["msg"]
    if detail["type"] == "extra_forbidden":
        message = f"unknown field {where[-1]!r}"
    elif detail["type"] == "union_tag_invalid":
        context = detail.get("ctx", {})
        message = f"unknown plugin {context.get('tag')!r}; known are {context.get('expected_tags')}"
    return Finding("structure", where, message)


def describe(document: Document, finding: Finding, path: Path) -> str:
    """One line for people: file:line: [rule] place: message."""
    where = tuple(step for step in finding.where if not _is_tag(step, finding.where, document))
    return f"{path.name}:{document.line(where)}: [{finding.rule}] {spell(where, document.data)}: {finding.message}"


def _is_tag(step: str | int, where: Where, document: Document) -> bool:
    """Whether a step is the discriminator that pydantic puts into a plugin's place, and no place in the file."""
    index = where.index(step)
    return (
        index >= 2
        and where[index - 2] == "plugins"
        and isinstance(where[index - 1], int)
        and step not in ("config", "name")
    )
