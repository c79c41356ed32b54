"""The committed file keeps every rule, and every rule fires when it is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.check import describe, examine, load
from gateway.document import parse_document, read_document
from gateway.errors import GatewayError, InvalidConfiguration
from gateway.rules import RULES
from gateway.tests.breakages import BREAKAGES
from gateway.tests.conftest import COMMITTED, Edit, findings, service


def test_the_committed_file_keeps_every_rule(committed: dict[str, Any]) -> None:
    assert findings(committed) == []
    assert load(COMMITTED).services


@pytest.mark.parametrize(
    ("rule", "edit"), BREAKAGES, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(BREAKAGES)]
)
def test_a_broken_file_is_refused_by_the_rule(committed: dict[str, Any], rule: str, edit: Edit) -> None:
    edit(committed)
    assert rule in {finding.rule for finding in findings(committed)}


def test_every_rule_has_a_test_that_sees_it_fire() -> None:
    assert set(RULES) <= {rule for rule, _ in BREAKAGES}


def test_every_rule_tells_the_incident_that_it_prevents() -> None:
    assert all(check.__doc__ for check in RULES.values())


def test_a_key_that_stands_twice_is_found() -> None:
    text = COMMITTED.read_text().replace("    retries: 0\n", "    retries: 0\n    retries: 0\n", 1)
    _, found = examine(parse_document(text), public=frozenset())
    assert any(finding.rule == "key-twice" and finding.where[-1] == "retries" for finding in found)


def test_an_alias_is_found() -> None:
    text = COMMITTED.read_text().replace("[GET, HEAD, OPTIONS]", "&m [GET, HEAD, OPTIONS]", 1)
    _, found = examine(parse_document(text.replace("[POST, OPTIONS]", "*m", 1)), public=frozenset())
    assert "yaml-alias" in {finding.rule for finding in found}


def test_a_finding_names_the_file_the_line_and_the_place(tmp_path: Path) -> None:
    text = COMMITTED.read_text()
    line = next(n for n, t in enumerate(text.splitlines(), 1) if "~/api/sns(?:/|$)" in t)
    broken = tmp_path / "kong.yml"
    broken.write_text(text.replace("~/api/sns(?:/|$)", "/api/sns"))
    with pytest.raises(InvalidConfiguration) as caught:
        load(broken)
    expected = f"kong.yml:{line}: [path-swallows-neighbours] services[sns].routes[sns-closed].paths[0]: "
    assert expected in str(caught.value)


def test_an_unknown_field_of_a_plugin_is_named_where_it_stands(committed: dict[str, Any]) -> None:
    text = COMMITTED.read_text().replace("run_on_preflight: true", "run_on_preflite: true", 1)
    document = parse_document(text)
    _, found = examine(document, public=frozenset())
    (message,) = [describe(document, finding, COMMITTED) for finding in found]
    assert (
        "services[platform].plugins[jwt].config.run_on_preflite: unknown field 'run_on_preflite'" in message
    )


def test_an_unknown_plugin_is_refused_by_name(committed: dict[str, Any]) -> None:
    service(committed, "coocook")["plugins"].append({"name": "request-transformer", "config": {}})
    (finding,) = findings(committed)
    assert "unknown plugin 'request-transformer'" in finding.message
    assert "'rate-limiting'" in finding.message


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\t"])
def test_what_is_no_kong_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kong.yml"
    path.write_text(text)
    with pytest.raises(GatewayError, match=r"kong\.yml"):
        read_document(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match=r"absent\.yml"):
        load(tmp_path / "absent.yml")
