"""`make new-service` in a copy of the repository: what it writes is checked, tested, started and called."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from service_template.__main__ import RESERVED, WrongName, check_name, gateway_paths
from service_template.insertions import INSERTIONS, CannotInsert, Line
from stack.services import NAMES
from tests.conftest import ROOT, RunningStack
from tests.stack.copied import Copy, copy_checkout

NAME = "loyalty"
NOTES = f"/api/{NAME}/notes"
PARTS = f"postgres valkey sandbox platform {NAME} gateway"
TESTS = (
    f"services/{NAME}",
    "tests/workflows/test_registry.py",
    "containers/tests/test_compose_file.py",
    "tests/k8s/test_redis_memory.py",
    "tests/k8s/test_monitoring.py",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of this checkout with one more service, as `make new-service` leaves it."""
    copy = copy_checkout(tmp_path_factory.mktemp("new") / "checkout")
    assert f"{NAME} is written" in copy.run("service_template", NAME)
    copy.install()
    copy.run("tests.contract.promises", "write", "--service", NAME)
    copy.run("monitoring.dashboards")
    return copy


@pytest.fixture(scope="module")
def running(made: Copy) -> Iterator[RunningStack]:
    directory = made.root / ".run"
    try:
        made.run("stack", "up", ONLY=PARTS, STACK_DIR=str(directory), STACK_PORTS="free", STACK_FSYNC="off")
        yield RunningStack.read(directory)
    finally:
        made.run("stack", "clean", STACK_DIR=str(directory))


def import_contracts(copy: Copy) -> str:
    """What import-linter says of the copy, in one line of words."""
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    result = subprocess.run([copy.python, "-c", lint], cwd=copy.root, capture_output=True, text=True)
    return " ".join(re.sub(r"\x1b\[[\d;]*m", "", result.stdout).split())


@contextmanager
def restored(*files: Path) -> Iterator[tuple[Path, ...]]:
    """Files that may be changed inside."""
    texts = {path: path.read_text() for path in files}
    try:
        yield files
    finally:
        for path, text in texts.items():
            path.write_text(text)


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
def test_a_new_service_keeps_the_rules_of_the_house(made: Copy) -> None:
    made.run("ruff", "check", ".")
    made.run("ruff", "format", "--check", ".")
    assert "0 broken" in import_contracts(made)
    made.run("tests.contract.promises", "check", "--service", NAME)
    made.run("gateway", "check")


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
@pytest.mark.parametrize(
    ("written", "broken"),
    [
        ({"notes/service.py": "from loyalty_service.points import service as points\n",
          "points/service.py": "from loyalty_service.notes import service\n"},
         "loyalty: no two domains import each other BROKEN"),
        ({"points/service.py": "from loyalty_service.notes import service\n"},
         "loyalty: no two domains import each other BROKEN"),
        ({"notes/service.py": "from fastapi import HTTPException\n"},
         "A service's functions and rules know nothing of HTTP BROKEN"),
    ],
    ids=["domains that import each other", "a domain below another", "FastAPI in service.py"],
)  # fmt: skip
def test_its_import_contracts_go_red(made: Copy, written: Mapping[str, str], broken: str) -> None:
    package = made.root / "services" / NAME / f"{NAME}_service"
    with restored(made.root / "pyproject.toml", package / "notes" / "service.py") as (project, _):
        project.write_text(project.read_text().replace('    "notes",', '    "notes",\n    "points",'))
        (package / "points").mkdir()
        (package / "points" / "__init__.py").touch()
        try:
            assert "0 broken" in import_contracts(made), "a second domain that keeps them is welcome"
            for file, line in written.items():
                with (package / file).open("a") as module:
                    module.write(line)
            assert broken in import_contracts(made)
        finally:
            shutil.rmtree(package / "points")


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
def test_its_own_tests_and_those_of_every_list_are_green(made: Copy) -> None:
    made.run("pytest", "-q", "-p", "no:cacheprovider", *TESTS)


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
def test_its_types_are_strict(made: Copy) -> None:
    """Read beside this checkout's packages, of which the cache knows all."""
    own = f"{made.root}/services/{NAME}{os.pathsep}{made.root}"
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "-p", f"{NAME}_service", "-p", f"services.{NAME}.tests"],
        cwd=ROOT, env={**os.environ, "MYPYPATH": own}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
def test_it_answers_through_the_gateway_with_a_token_and_refuses_without(running: RunningStack) -> None:
    demo = {name: running.users["demo"][name] for name in ("email", "password")}
    with httpx.Client(base_url=running.gateway) as client:
        token = client.post("/api/auth/login", json=demo).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        written = client.post(NOTES, json={"text": "Hello"}, headers=headers)
        assert written.status_code == 201, written.text
        assert client.get(f"/api/{NAME}/my-notes", headers=headers).status_code == 200
        assert client.get(f"/api/{NAME}/my-notes").status_code == 401
        assert client.post(NOTES, json={"text": "Hello"}).status_code == 401
        assert "Hello" in [note["text"] for note in client.get(NOTES).json()]


@pytest.mark.stack
@pytest.mark.xdist_group("new-service")
def test_a_second_service_of_the_same_name_is_refused(made: Copy) -> None:
    assert f"services/{NAME}" in made.run("service_template", NAME, status=2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "NAME= is missing"),
        ("Loyalty", "lower-case"),
        ("loyalty-points", "lower-case"),
        ("2fast", "a letter first"),
        ("class", "no word of Python's"),
        ("platform", "there already"),
        ("shared", "reserved"),
        ("payment", "/api/payment leads to platform"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(name: str, reason: str) -> None:
    paths = gateway_paths((ROOT / "gateway" / "kong.yml").read_text())
    with pytest.raises(WrongName, match=re.escape(reason)):
        check_name(name, services=NAMES, paths=paths)


def test_what_is_reserved_is_there() -> None:
    folders = {name for name, what in RESERVED.items() if what == "a folder"}
    assert not [name for name in folders if not (ROOT / name).is_dir()]
    workflows = {path.stem for path in (ROOT / ".github" / "workflows").glob("*.yml")} - set(NAMES)
    assert workflows == {name for name, what in RESERVED.items() if what == "a workflow"}


def test_a_file_that_is_not_as_expected_is_named() -> None:
    for insertion in INSERTIONS:
        if not isinstance(insertion, Line):
            continue
        with pytest.raises(CannotInsert, match=re.escape(insertion.file)):
            insertion.apply("nothing of it\n", NAME, NAMES)
