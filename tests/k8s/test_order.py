"""A migration runs after what it needs and before what needs it: Argo CD by waves, kubectl by k8s/deploy.sh."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.services import NAMES
from tests.k8s.rendering import ROOT, Manifest

WAVE = "argocd.argoproj.io/sync-wave"


def wave(manifest: Manifest) -> int:
    return int(manifest["metadata"].get("annotations", {}).get(WAVE, "0"))


def test_waves_bring_stores_then_migrations_then_processes(overlay: list[Manifest]) -> None:
    kinds: dict[str, set[int]] = {}
    for manifest in overlay:
        kinds.setdefault(manifest["kind"], set()).add(wave(manifest))
    before = {
        "Namespace",
        "ServiceAccount",
        "NetworkPolicy",
        "ConfigMap",
        "Secret",
        "Cluster",
        "ExternalSecret",
    }
    assert max(max(kinds[kind]) for kind in before & kinds.keys()) < min(kinds["Job"])
    assert max(kinds["Job"]) < min(kinds["Deployment"])


def test_a_migration_is_made_anew_for_every_version(overlay: list[Manifest]) -> None:
    jobs = [m for m in overlay if m["kind"] == "Job"]
    assert len(jobs) == len(NAMES)
    for job in jobs:
        annotations = job["metadata"]["annotations"]
        assert annotations["argocd.argoproj.io/hook"] == "Sync"
        assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
        assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


class Deployment:
    """k8s/deploy.sh on a copy of the repository, with a kubectl that notes what it is asked."""

    def __init__(self, copy: Path, directory: Path) -> None:
        self.script = copy / "k8s" / "deploy.sh"
        self.calls = directory / "calls"
        self.kubectl = directory / "kubectl"
        self.kubectl.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.k8s.noting_kubectl "$@"\n')
        self.kubectl.chmod(0o755)

    def run(
        self, *arguments: str, migration: str = "works", rollout: str = "works"
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "KUBECTL": str(self.kubectl),
            "PYTHONPATH": str(ROOT),
            "CALLS": str(self.calls),
            "MIGRATION": migration,
            "ROLLOUT": rollout,
        }
        return subprocess.run(
            [str(self.script), *arguments], env=environment, capture_output=True, text=True, timeout=60
        )

    def asked(self) -> list[list[str]]:
        """What the cluster was asked, in order: each call's words, of `apply` the things that it brings."""
        return [call.split() for call in self.calls.read_text().splitlines()] if self.calls.exists() else []


@pytest.fixture
def deployment(copies: dict[str, Path], tmp_path: Path) -> Deployment:
    return Deployment(copies["prod"], tmp_path)


def test_kubectl_brings_settings_then_the_migration_then_processes(deployment: Deployment) -> None:
    result = deployment.run("prod", "coocook")
    assert result.returncode == 0, result.stderr
    asked = [call for call in deployment.asked() if call[0] != "wait"]
    assert [call[0] for call in asked] == ["apply", "delete", "apply", "apply", "get", "rollout", "rollout"]
    settings, delete, migration, processes = asked[:4]
    assert {"Cluster/coocook-db", "NetworkPolicy/coocook", "ExternalSecret/coocook-secrets"} <= set(settings)
    assert not [thing for thing in settings if thing.startswith(("Deployment", "Job"))]
    assert delete[-1] == "job/coocook-migrate"
    assert migration == ["apply", "Job/coocook-migrate"]
    assert {"Deployment/coocook-api", "Deployment/coocook-worker", "Service/coocook"} <= set(processes)


def test_other_services_are_not_touched(deployment: Deployment) -> None:
    deployment.run("prod", "coocook")
    brought = [
        thing.partition("/")[2] for call in deployment.asked() if call[0] == "apply" for thing in call[1:]
    ]
    assert {name.partition("-")[0] for name in brought} == {"coocook", "settings"}


def test_a_failed_migration_ends_it_before_anything_is_replaced(deployment: Deployment) -> None:
    result = deployment.run("prod", "coocook", migration="fails")
    assert result.returncode == 1
    assert "nothing was rolled out" in result.stderr
    brought = [thing for call in deployment.asked() if call[0] == "apply" for thing in call]
    assert "Deployment/coocook-api" not in brought


def test_a_rollout_that_does_not_become_ready_says_how_to_go_back(deployment: Deployment) -> None:
    result = deployment.run("prod", "coocook", rollout="fails")
    assert result.returncode == 1
    assert "rollout undo --namespace softfactory deployment.apps/coocook-api" in result.stderr


def test_without_the_gateways_file_it_says_how_to_make_it(deployment: Deployment) -> None:
    rendered = deployment.script.parent / "overlays" / "prod" / "kong.rendered.yml"
    aside = rendered.rename(rendered.with_suffix(".aside"))
    try:
        result = deployment.run("prod", "coocook")
    finally:
        aside.rename(rendered)
    assert result.returncode == 2
    assert "kong.rendered.yml is missing" in result.stderr
    assert deployment.asked() == []


@pytest.mark.parametrize("arguments", [(), ("prod",), ("nowhere", "coocook"), ("prod", "nothing")])
def test_wrong_arguments_ask_no_cluster(deployment: Deployment, arguments: tuple[str, ...]) -> None:
    result = deployment.run(*arguments)
    assert result.returncode == 2
    assert result.stderr
    assert deployment.asked() == []
