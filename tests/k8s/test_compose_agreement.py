"""compose.yaml runs the same processes, on the same ports and from the same images, as k8s/ does."""

import re
from typing import Any

import pytest
import yaml

from tests.k8s.rendering import ROOT, Manifest, pod_template
from tests.k8s.test_agreement import NAMES, PROCESSES, fields, settings_of

COMPOSE = ROOT / "compose.yaml"
AGREED = ("HOST", "PORT", "WORKER_PORT", "PLATFORM_URL")


def services() -> dict[str, Any]:
    """The services of compose.yaml; none where there is no such file yet."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"] if COMPOSE.exists() else {}
    return found


def running(name: str, process: str) -> dict[str, Any]:
    """The one that runs this process, found by its command."""
    for found in services().values():
        command = found.get("command", [])
        text = command if isinstance(command, str) else " ".join(command)
        if f"{name}_service {process}" in text:
            return dict(found)
    raise AssertionError(f"compose.yaml has nothing that runs `{name}_service {process}`")


def environment(found: dict[str, Any]) -> dict[str, str]:
    """Its variables, in either of compose's spellings."""
    given = found.get("environment", {})
    if isinstance(given, list):
        return dict(entry.partition("=")[::2] for entry in given)
    return {name: str(value) for name, value in given.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_processes_listen_on_the_same_ports(prod: list[Manifest], name: str) -> None:
    if not services():
        return
    settings = settings_of(prod, name)
    for process in PROCESSES:
        found = running(name, process)
        given = environment(found)
        differing = {key: given[key] for key in AGREED if given.get(key, settings[key]) != settings[key]}
        assert not differing, f"{name} {process}"
        assert f"softfactory/{name}" in str(found["image"])


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_service_needs_is_given(name: str) -> None:
    if not services():
        return
    required = {field for field, info in fields(name).items() if info.is_required()}
    for process in PROCESSES:
        missing = required - environment(running(name, process)).keys()
        assert not missing, f"{name} {process} in compose.yaml lacks {sorted(missing)}"


@pytest.mark.parametrize("image", ["kong", "redis"])
def test_the_same_images_are_pinned(prod: list[Manifest], image: str) -> None:
    containers = [c for m in prod if (t := pod_template(m)) for c in t["spec"]["containers"]]
    (pinned,) = {c["image"] for c in containers if c["image"].startswith(f"{image}:")}
    if services():
        assert re.search(rf"\b{re.escape(pinned)}\b", COMPOSE.read_text()), (
            f"{pinned} is not in compose.yaml: one of the two is out of date (images: in k8s/base)"
        )
