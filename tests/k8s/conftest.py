"""Both overlays, rendered once per test process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.k8s.rendering import OVERLAYS, Manifest, manifests, render


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By overlay: a copy of k8s/ that has what git does not hold, and `rendered.yaml`."""
    found = {overlay: tmp_path_factory.mktemp(f"overlay-{overlay}") for overlay in OVERLAYS}
    for overlay, directory in found.items():
        (directory / "rendered.yaml").write_text(render(overlay, directory))
    return found


@pytest.fixture(scope="session")
def rendered(copies: dict[str, Path]) -> dict[str, list[Manifest]]:
    """By overlay: its manifests."""
    return {
        overlay: manifests((directory / "rendered.yaml").read_text()) for overlay, directory in copies.items()
    }


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, rendered: dict[str, list[Manifest]]) -> list[Manifest]:
    """The manifests of each overlay in turn."""
    return rendered[request.param]


@pytest.fixture(scope="session")
def prod(rendered: dict[str, list[Manifest]]) -> list[Manifest]:
    """Production's manifests."""
    return rendered["prod"]
