"""Both overlays, rendered once per test process."""

import pytest

from tests.k8s.rendering import OVERLAYS, Manifest, manifests, render


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """By overlay: its manifests."""
    return {
        overlay: manifests(render(overlay, tmp_path_factory.mktemp(f"overlay-{overlay}")))
        for overlay in OVERLAYS
    }


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, rendered: dict[str, list[Manifest]]) -> list[Manifest]:
    """The manifests of each overlay in turn."""
    return rendered[request.param]


@pytest.fixture(scope="session")
def prod(rendered: dict[str, list[Manifest]]) -> list[Manifest]:
    """Production's manifests."""
    return rendered["prod"]
