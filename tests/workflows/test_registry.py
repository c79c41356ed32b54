"""What cannot take the list of services from the registry (services/*/service.toml) agrees with it all the same."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.services import ENTRIES, NAMES, read_services

ROOT = Path(__file__).parents[2]
OTHERS = tuple(name for name in NAMES if name != "platform")
Find = Callable[[str], Iterable[str]]


def words(pattern: str) -> Find:
    """The names that a file's text has where the pattern's group is."""
    return lambda text: re.findall(pattern, text, re.MULTILINE)


def selected(text: str) -> Iterable[str]:
    """The names in a file's one Kubernetes selector by name: `values: [coocook, sns]`."""
    (values,) = re.findall(r"app\.kubernetes\.io/name, operator: In, values: \[(.*?)\]", text)
    return re.findall(r"\w+", values)


def listed(line: str, pattern: str) -> Find:
    """The names in a list within one line."""
    return lambda text: [name for found in re.findall(line, text) for name in re.findall(pattern, found)]


def of_project(*keys: str | int, pattern: str = r"^(\w+)_service$") -> Find:
    """The names in one of pyproject.toml's lists."""

    def find(text: str) -> Iterable[str]:
        found: Any = tomllib.loads(text)["tool"]
        for key in keys:
            found = found[key]
        return [match[1] for entry in found if (match := re.match(pattern, entry))]

    return find


def of_contract(name: str, key: str, pattern: str = r"^(\w+)_service$") -> Find:
    """The names in a list of the import contract with this name."""

    def find(text: str) -> Iterable[str]:
        contracts: Any = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
        (contract,) = [contract for contract in contracts if contract["name"] == name]
        return [match[1] for entry in contract[key] if (match := re.match(pattern, entry))]

    return find


def with_layers(text: str) -> Iterable[str]:
    """The services that have a layers contract of their own."""
    contracts: Any = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    layered = [name for one in contracts if one["type"] == "layers" for name in one["containers"]]
    return [match[1] for name in layered if (match := re.fullmatch(r"(\w+)_service", name))]


def kong(part: str, key: str, pattern: str) -> Find:
    """The names among the entries of a part of kong.yml."""

    def find(text: str) -> Iterable[str]:
        entries = [entry[key] for entry in yaml.safe_load(text)[part]]
        return [match[1] for entry in entries if (match := re.match(pattern, entry))]

    return find


def awaited_by_the_gateway(text: str) -> Iterable[str]:
    """Of compose.yaml."""
    awaited = yaml.safe_load(text)["services"]["gateway"]["depends_on"]
    return [name for name in awaited if name not in ("gateway-config", "redis")]


IMAGE = r"^  - \{name: softfactory/(\w+), "
CANARY = r"^  - \{name: softfactory/(\w+)-canary, "
PLACES: list[tuple[str, str, Find]] = [
    ("README.md", "the table of services", words(r"^\| \[(\w+)\]\(services/\1/README\.md\)")),
    ("gateway/kong.yml", "services", kong("services", "name", r"^(\w+)$")),
    ("gateway/kong.yml", "upstreams", kong("upstreams", "name", r"^(\w+)-upstream$")),
    ("compose.yaml", "services", words(r"^    image: softfactory/(\w+):")),
    ("compose.yaml", "workers", words(r"^  (\w+)-worker:$")),
    ("compose.yaml", "the gateway's depends_on", awaited_by_the_gateway),
    ("containers/databases.sh", "databases", words(r'^database (\w+) "')),
    ("k8s/base/kustomization.yaml", "resources", words(r"^  - (?!gateway|namespace|network|redis)(\w+)\.yaml$")),
    ("k8s/base/kustomization.yaml", "settings", words(r"^  - name: (\w+)-settings$")),
    ("k8s/base/gateway.yaml", "whom the gateway may reach", selected),
    ("k8s/base/redis.yaml", "who may reach Redis", selected),
    ("k8s/overlays/dev/kustomization.yaml", "images", words(IMAGE)),
    ("k8s/overlays/dev/kustomization.yaml", "the canaries' images", words(CANARY)),
    ("k8s/overlays/dev/kustomization.yaml", "secrets", words(r"secrets/(?!redis)(\w+)\.env")),
    ("k8s/overlays/prod/kustomization.yaml", "images", words(IMAGE)),
    ("k8s/overlays/prod/kustomization.yaml", "the canaries' images", words(CANARY)),
    ("k8s/overlays/prod/secrets.yaml", "secrets", words(r"^  name: (?!redis)(\w+)-secrets$")),
    ("k8s/overlays/prod/backups.yaml", "backups", words(r"^  cluster: \{name: (\w+)-db\}$")),
    ("k8s/overlays/prod/monitoring.yaml", "what is monitored", selected),
    ("k8s/overlays/prod/monitoring.yaml", "databases", listed(r"cnpg\.io/cluster.*values: \[(.*)\]", r"(\w+)-db")),
    ("monitoring/kustomization.yaml", "dashboards", words(r"dashboard-service-(\w+),")),
    ("monitoring/compose/prometheus.yml", "APIs", listed(r"names: \[(platform,.*?)\]", r"(\w+)")),
    ("monitoring/compose/prometheus.yml", "workers", listed(r"names: \[(platform-.*?)\]", r"(\w+)-worker")),
    ("pyproject.toml", "ruff's known-first-party", of_project("ruff", "lint", "isort", "known-first-party")),
    ("pyproject.toml", "mypy_path", of_project("mypy", "mypy_path", pattern=r"^services/(\w+)$")),
    ("pyproject.toml", "mypy's packages", of_project("mypy", "packages")),
    ("pyproject.toml", "mypy's packages of tests", of_project("mypy", "packages", pattern=r"^services\.(\w+)\.tests$")),
    ("pyproject.toml", "import-linter's root_packages", of_project("importlinter", "root_packages")),
    ("pyproject.toml", "the contract of independence", of_contract("One service never imports another", "modules")),
    ("pyproject.toml", "the contract of shared", of_contract("shared imports no service", "forbidden_modules")),
    ("pyproject.toml", "the contract of functions and rules",
     of_contract("A service's functions and rules know nothing of HTTP", "source_modules", r"^(\w+)_service\.")),
    ("pyproject.toml", "a layers contract for each service", with_layers),
    ("pyproject.toml", "the contract of production",
     of_contract("Production code imports no test helpers and no fakes", "source_modules")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "part", "find"), PLACES, ids=lambda value: None if callable(value) else value
)
def test_a_file_that_lists_the_services_lists_every_one(file: str, part: str, find: Find) -> None:
    found = set(find((ROOT / file).read_text()))
    assert set(NAMES) - found == set(), f"{file} ({part}) lacks a service of the registry"
    assert found - set(NAMES) == set(), f"{file} ({part}) has a service that is not in the registry"


def test_platform_lets_every_other_service_in() -> None:
    text = (ROOT / "k8s/base/platform.yaml").read_text()
    assert set(selected(text)) == set(OTHERS), "k8s/base/platform.yaml"


@pytest.mark.parametrize("name", NAMES)
def test_a_service_has_the_files_that_each_one_has(name: str) -> None:
    own = (
        "README.md",
        "pyproject.toml",
        "requirements.lock",
        f"{name}_service/definition.py",
        "migrations/env.py",
        "tests/conftest.py",
    )
    wanted = [f"services/{name}/{file}" for file in own]
    wanted += [f"k8s/base/{name}.yaml", f".github/workflows/{name}.yml", f"docs/api/{name}.json"]
    assert not [file for file in wanted if not (ROOT / file).exists()], f"missing for {name}"


def test_whatever_lies_in_services_is_in_the_registry() -> None:
    folders = {path.parent.name for path in ENTRIES.glob("*/pyproject.toml")}
    assert folders == set(NAMES), "services/<name>/service.toml"


def test_no_two_services_share_a_port() -> None:
    ports = [port for service in read_services(ENTRIES) for port in (service.port, service.worker_port)]
    assert len(ports) == len(set(ports))
