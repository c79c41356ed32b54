"""compose.yaml runs the same processes, on the same ports and from the same images, as k8s/ does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from stack.services import NAMES
from tests.k8s.rendering import ROOT, Manifest, pod_template
from tests.k8s.test_agreement import PROCESSES, fields, settings_of

COMPOSE = ROOT / "compose.yaml"
AGREED = ("HOST", "PORT", "WORKER_PORT", "PLATFORM_URL")


def services() -> dict[str, Any]:
    """The services of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


def running(name: str, process: str) -> dict[str, Any]:
    """The one that runs this process: by its image, and the last word of its command."""
    for found in services().values():
        command = found.get("command", [])
        words = command.split() if isinstance(command, str) else command
        if f"softfactory/{name}:" in str(found.get("image")) and words[-1:] == [process]:
            return dict(found)
    raise AssertionError(f"compose.yaml has nothing that runs {process} of softfactory/{name}")


def environment(name: str, process: str) -> dict[str, str]:
    """Its variables: the image's own, and those of compose.yaml in either of its spellings."""
    own = dict(re.findall(r"\b([A-Z_]+)=(\S+)", (ROOT / "services" / "Dockerfile").read_text()))
    given = running(name, process).get("environment", {})
    if isinstance(given, list):
        given = dict(entry.partition("=")[::2] for entry in given)
    return own | {key: str(value) for key, value in given.items()}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_processes_listen_on_the_same_ports(prod: list[Manifest], name: str) -> None:
    settings = settings_of(prod, name)
    for process in PROCESSES:
        given = environment(name, process)
        differing = {key: given[key] for key in AGREED if given.get(key, settings[key]) != settings[key]}
        assert not differing, f"{name} {process}: k8s says {[settings[key] for key in differing]}"


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_service_needs_is_given(name: str) -> None:
    required = {field for field, info in fields(name).items() if info.is_required()}
    for process in PROCESSES:
        missing = required - environment(name, process).keys()
        assert not missing, f"{name} {process} in compose.yaml lacks {sorted(missing)}"


@pytest.mark.parametrize("image", ["kong", "valkey/valkey"])
def test_the_same_images_are_pinned(prod: list[Manifest], image: str) -> None:
    containers = [c for m in prod if (t := pod_template(m)) for c in t["spec"]["containers"]]
    (pinned,) = {c["image"] for c in containers if c["image"].startswith(f"{image}:")}
    assert re.search(rf"\b{re.escape(pinned)}\b", COMPOSE.read_text()), (
        f"{pinned} is not in compose.yaml: one of the two is out of date (images: in k8s/base)"
    )
