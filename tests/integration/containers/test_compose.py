"""compose.yaml comes up from nothing, with the images that were made here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from containers.compose import Composition, passwords
from containers.engine import Engine
from stack.services import SERVICES
from testing.local_servers.process import free_port
from tests.integration.customer import customer_journey

pytestmark = pytest.mark.containers

ONE_SHOTS = {"databases", "gateway-config", *(f"{service.name}-migrate" for service in SERVICES)}


@pytest.fixture(scope="module")
def composition(container_engine: Engine) -> Iterator[Composition]:
    """Up, under a project name of its own; gone with its data afterwards."""
    composition = Composition(
        container_engine, project="softfactory-test", gateway_port=free_port(), sandbox_port=free_port()
    )
    try:
        composition.up()
        yield composition
    finally:
        composition.down(volumes=True)


def containers(composition: Composition) -> dict[str, Any]:
    """What the engine says of each, by its name in compose.yaml."""
    chosen = ("--filter", f"label=com.docker.compose.project={composition.project}")
    ids = composition.engine.run("ps", "--all", "--quiet", *chosen).stdout.split()
    found = json.loads(composition.engine.run("inspect", *ids).stdout)
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}


def test_everything_is_healthy_or_has_done_its_work(composition: Composition) -> None:
    for name, container in containers(composition).items():
        state = container["State"]
        if name in ONE_SHOTS:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), name
        else:
            assert state["Status"] == "running", name
            assert state["Health"]["Status"] in ("healthy", "starting"), name


def test_only_the_gateway_is_published(composition: Composition) -> None:
    published = {
        name
        for name, container in containers(composition).items()
        if any((container["NetworkSettings"]["Ports"] or {}).values())
    }
    assert published == {"gateway"}


async def test_a_journey_through_compose(composition: Composition) -> None:
    await customer_journey(composition)


def test_no_role_opens_another_services_database(composition: Composition) -> None:
    server = containers(composition)["postgres"]["Id"]
    known = passwords()
    for service in SERVICES:
        for other in SERVICES:
            opened = composition.engine.ok(
                "exec", "--env", f"PGPASSWORD={known[f'{service.name.upper()}_DATABASE_PASSWORD']}", server,
                "psql", "-h", "127.0.0.1", "-U", service.name, "-d", other.name, "-Xc", "SELECT 1",
            )  # fmt: skip
            assert opened == (service == other)


def test_the_gateway_is_rendered_with_the_signing_keys(composition: Composition) -> None:
    url = composition.gateway
    assert httpx.get(f"{url}/api/coocook/bookings").status_code == 401
    gateway = containers(composition)["gateway"]["Id"]
    assert "BEGIN PUBLIC KEY" in composition.engine.run("exec", gateway, "cat", "/kong/kong.yml").stdout
