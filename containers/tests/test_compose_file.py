"""compose.yaml agrees with the services' settings, the stack's databases and the gateway's file."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
import yaml

from containers import ROOT
from containers.compose import _new_passwords
from containers.images import OFFICIAL
from shared.settings import ServiceSettings
from stack.services import NAMES, SERVICES

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
PARTS: dict[str, Any] = COMPOSE["services"]
STRIPE = {"STRIPE_API_URL": "http://sandbox:8120", "ENVIRONMENT": "development"}


def filled(text: str) -> str:
    """As compose does it, with the passwords that `make compose-up` makes."""
    values = {**_new_passwords(), **STRIPE}

    def value(match: re.Match[str]) -> str:
        name, _, default = match[1].partition(":")
        assert name in values or default.startswith("-"), f"{name}: nobody makes it"
        return str(values.get(name) or default.removeprefix("-"))

    return re.sub(r"\$\{([^}]+)\}", value, text)


def settings_type(service: str) -> type[ServiceSettings]:
    found: type[ServiceSettings] = importlib.import_module(
        f"{service}_service.definition"
    ).definition.settings_type
    return found


@pytest.mark.parametrize("service", NAMES)
def test_a_services_processes_run_its_image(service: str) -> None:
    for name, command in (
        (service, "api"), (f"{service}-worker", "worker"), (f"{service}-migrate", "migrate"),
    ):  # fmt: skip
        part = PARTS[name]
        assert part["image"] == f"softfactory/{service}:${{IMAGE_TAG:-dev}}"
        assert part["command"] == [command]
        assert part["read_only"] is True
        assert part["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("service", NAMES)
def test_a_services_environment_is_what_its_settings_want(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {name: filled(str(value)) for name, value in PARTS[service]["environment"].items()}
    known = settings_type(service).model_fields
    assert {name.lower() for name in given} <= known.keys(), "a setting that the code does not know"
    own = {"HOST": "0.0.0.0", "PORT": "8000", "WORKER_PORT": "8001"}  # the image's
    for name, value in {**own, **given}.items():
        monkeypatch.setenv(name, value)
    settings = settings_type(service)()
    assert settings.platform_url == "http://platform:8000"
    assert f"@postgres:5432/{service}" in settings.database_url
    for kind in ("worker", "migrate"):
        assert PARTS[f"{service}-{kind}"]["environment"] == PARTS[service]["environment"]


@pytest.mark.parametrize("service", ["sns", "ai"])
def test_what_operators_are_told_to_set_can_be_set_from_outside(service: str) -> None:
    own = settings_type(service).model_fields.keys() - ServiceSettings.model_fields.keys()
    given = PARTS[service]["environment"]
    fixed = {name.upper() for name in own} - given.keys() - {"LOCAL_PAUSE_SECONDS"}
    assert not fixed, "not passed on"
    assert not [name for name in map(str.upper, own) if name in given and "${" not in given[name]]


def test_a_process_may_take_as_long_to_stop_as_its_server_does() -> None:
    settings = ServiceSettings.model_fields
    drain = float(COMPOSE["x-settings"]["DRAIN_SECONDS"])
    needed = drain + float(settings["request_timeout_seconds"].default) + 5
    assert needed < float(COMPOSE["x-process"]["stop_grace_period"].removesuffix("s"))


def test_only_the_gateways_port_is_published() -> None:
    assert [name for name, part in PARTS.items() if "ports" in part and "profiles" not in part] == ["gateway"]


def test_the_gateway_waits_for_every_service() -> None:
    waits = PARTS["gateway"]["depends_on"]
    assert set(NAMES) <= waits.keys()
    assert all(waits[name] == {"condition": "service_healthy"} for name in NAMES)


def test_names_are_those_that_kong_yml_sends_requests_to() -> None:
    kong = yaml.safe_load((ROOT / "gateway" / "kong.yml").read_text())
    targets = {target["target"] for upstream in kong["upstreams"] for target in upstream["targets"]}
    assert {f"{service}:8000" for service in NAMES} <= targets
    limits = [plugin for service in kong["services"] for plugin in service.get("plugins", [])
              if plugin["name"] == "rate-limiting"]  # fmt: skip
    assert {plugin["config"]["redis"]["host"] for plugin in limits} == {"redis"}
    assert "redis" in PARTS


def test_other_peoples_images_have_names_that_may_be_set() -> None:
    named = {str(part["image"]) for part in PARTS.values()
             if not part["image"].startswith("softfactory/") and "profiles" not in part}  # fmt: skip
    assert named == {
        f"${{POSTGRES_IMAGE:-{OFFICIAL.postgres_image}}}",
        f"${{REDIS_IMAGE:-{OFFICIAL.redis_image}}}",
        f"${{KONG_IMAGE:-{OFFICIAL.kong_image}}}",
    }


def test_every_service_gets_its_database_and_extensions() -> None:
    script = (ROOT / "containers" / "databases.sh").read_text()
    made = re.findall(r'^database (\w+) "\$(\w+)" ?(.*)$', script, re.MULTILINE)
    wanted = [(service.name, f"{service.name.upper()}_DATABASE_PASSWORD", " ".join(service.extensions))
              for service in SERVICES]  # fmt: skip
    assert made == wanted
    assert {password for _, password, _ in made} <= PARTS["databases"]["environment"].keys()


def test_platform_knows_every_callers_secret() -> None:
    secrets = PARTS["platform"]["environment"]["SERVICE_SECRETS"]
    assert set(re.findall(r'"(\w+)": "\$\{(\w+):\?\}"', secrets)) == {
        (service, f"{service.upper()}_SERVICE_SECRET") for service in NAMES
    }


def test_kongs_settings_are_read_from_beside_its_file() -> None:
    assert PARTS["gateway"]["env_file"] == "gateway/kong.env"
    assert "environment" not in PARTS["gateway"], "it would override the file, which is what was tried out"
    lines = (ROOT / "gateway" / "kong.env").read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert all(name.startswith("KONG_") for name in settings)
    assert settings["KONG_DATABASE"] == "off"
    (mounted,) = PARTS["gateway"]["volumes"]
    assert mounted == "gateway-config:/kong:ro"
    assert settings["KONG_DECLARATIVE_CONFIG"] == "/kong/kong.yml"
