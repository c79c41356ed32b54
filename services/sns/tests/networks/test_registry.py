"""A network is known by its own file alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import sns_service
from sns_service.networks.registry import NETWORK_NAMES, NETWORKS, OTHER_NAMES, PlatformName
from sns_service.posts.templates import TemplateType
from sns_service.settings import SnsSettings

HOME = Path(sns_service.__file__).parent
DEVELOPMENT_DATA = "seed.py"


def named(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and node.value in {*NETWORK_NAMES, *OTHER_NAMES}:
            yield f"{path.relative_to(HOME)}:{node.lineno}"


def test_no_module_beside_its_own_knows_a_network_by_name() -> None:
    others = [
        path
        for path in HOME.rglob("*.py")
        if "networks" not in path.relative_to(HOME).parts and path.name != DEVELOPMENT_DATA
    ]
    assert len(others) > 40
    assert [place for path in others for place in named(path)] == []


def test_apps_may_use_every_name_of_a_network() -> None:
    assert get_args(PlatformName) == (*NETWORK_NAMES, *OTHER_NAMES)
    assert len(set(get_args(PlatformName))) == len(NETWORKS) + len(OTHER_NAMES)


def test_what_a_network_declares_exists() -> None:
    for network in NETWORKS:
        assert network.templates.keys() <= set(get_args(TemplateType))
        assert set(network.oauth_client or ()) <= SnsSettings.model_fields.keys()
