"""Each service is tested, built and pushed by itself: when something of it changed, and for nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.services import NAMES

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / ".github" / "workflows"
MADE_OF = (
    "services/{}/{}_service/definition.py",
    "services/{}/pyproject.toml",
    "services/Dockerfile",
    "shared/shared/cli/main.py",
    "requirements.lock",
    "docs/api/{}.json",
    ".github/workflows/{}.yml",
    ".github/workflows/service.yml",
)
OF_NOBODY = (
    "README.md",
    "gateway/kong.yml",
    "k8s/base/kustomization.yaml",
    "tests/k8s/conftest.py",
    "sharedness/x",
)


def workflow(name: str) -> dict[Any, Any]:
    """A workflow; `on` is True in it, which is what YAML makes of that word."""
    loaded: dict[Any, Any] = yaml.safe_load((DIRECTORY / f"{name}.yml").read_text())
    return loaded


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in DIRECTORY.glob("*.yml"):
        for name, job in workflow(file.stem)["jobs"].items():
            for step in job.get("steps", [job]):
                yield f"{file.name} {name}", step


def test_every_service_has_one() -> None:
    assert {path.stem for path in DIRECTORY.glob("*.yml")} == {*NAMES, "service", "whole"}


@pytest.mark.parametrize("name", NAMES)
def test_they_differ_in_the_name_alone(name: str) -> None:
    texts = {service: (DIRECTORY / f"{service}.yml").read_text() for service in (name, "coocook")}
    assert texts[name] == re.sub(r"\bcoocook\b", name, texts["coocook"])


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_for_what_the_service_is_made_of_and_nothing_else(name: str) -> None:
    on = workflow(name)[True]
    for event in ("push", "pull_request"):
        paths = on[event]["paths"]

        def runs(file: str, paths: list[str] = paths) -> bool:
            return any(fnmatchcase(file, pattern.replace("**", "*")) for pattern in paths)

        assert all(runs(file.format(name, name)) for file in MADE_OF)
        others = [file.format(o, o) for o in NAMES if o != name for file in MADE_OF if "{}" in file]
        assert not [file for file in (*others, *OF_NOBODY) if runs(file)]
    assert on["push"]["branches"] == ["main"]


def test_the_whole_is_tested_whatever_changes_as_people_test_it() -> None:
    """What crosses services, such as the gateway or the stack, is in no service's own workflow."""
    on = workflow("whole")[True]
    assert on["pull_request"] is None
    assert on["push"] == {"branches": ["main"]}
    (command,) = (step["run"] for step in workflow("whole")["jobs"]["test"]["steps"] if "run" in step)
    assert f"exec {command}" in (ROOT / ".ci" / "run").read_text().splitlines()


def test_what_it_runs_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    ran = [(where, step["run"]) for where, step in steps() if "run" in step]
    assert ran
    for where, command in ran:
        for line in command.splitlines():
            program, argument, *_ = line.split()
            assert (program == "make" and argument in targets) or (ROOT / program).exists(), (
                f"{where}: {line}"
            )


def test_a_command_takes_what_came_from_outside_by_the_environment_only() -> None:
    """A branch may be named `$(rm -rf ~)`; written into a script it would be run."""
    assert not [where for where, step in steps() if "${{" in step.get("run", "")]


def test_every_action_of_others_is_pinned_by_its_commit() -> None:
    for file in DIRECTORY.glob("*.yml"):
        for action in re.findall(r"uses: (.+)", file.read_text()):
            assert action.startswith("./") or re.fullmatch(
                r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action
            ), action


def test_jobs_are_bounded_and_may_only_read() -> None:
    for name in ("service", "whole", *NAMES):
        content = workflow(name)
        assert content["permissions"] == {"contents": "read"}
        for job in content["jobs"].values():
            assert "timeout-minutes" in job or "uses" in job
            assert "permissions" not in job


def test_nothing_is_pushed_before_it_was_tested_and_scanned_or_from_a_pull_request() -> None:
    jobs = workflow("service")["jobs"]
    assert set(jobs["push"]["needs"]) == {"test", "image"}
    assert "github.event_name != 'pull_request'" in jobs["push"]["if"]
    pushing = [
        name for name, job in jobs.items() for step in job["steps"] if step.get("with", {}).get("push")
    ]
    assert pushing == ["push"]
    scans = [step for step in jobs["image"]["steps"] if step.get("with", {}).get("exit-code") == "1"]
    assert len(scans) == 1


def test_the_image_is_built_for_the_service_and_told_its_version() -> None:
    known = set(re.findall(r"^ARG (\w+)", (ROOT / "services" / "Dockerfile").read_text(), re.MULTILINE))
    for job in ("image", "push"):
        (build,) = (s for s in workflow("service")["jobs"][job]["steps"] if "build-push" in s.get("uses", ""))
        assert build["with"]["context"] == "."
        assert build["with"]["file"] == "services/Dockerfile"
        given = dict(line.split("=", 1) for line in build["with"]["build-args"].splitlines())
        assert given.keys() <= known
        assert given["SERVICE"] == "${{ inputs.service }}"
