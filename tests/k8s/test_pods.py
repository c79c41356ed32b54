"""How pods start, stop and are confined, held against the servers' own numbers."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.routing import Route

from gateway.document import read_document
from gateway.model import KongFile
from shared.jobs.worker import HAND_BACK_SECONDS
from shared.web.health import add_health
from shared.web.server import GRACE_SECONDS as FINISHING_SECONDS
from shared.worker import GRACE_SECONDS as WORKER_GRACE_SECONDS
from tests.k8s.rendering import ROOT, Manifest, one, workloads

DNS_SECONDS = 5
"""How long a cluster's DNS lets its answers be kept."""
SPARE_SECONDS = 2
CAPABILITIES = {"drop": ["ALL"]}


def test_every_pod_is_restricted(overlay: list[Manifest]) -> None:
    for manifest, spec in workloads(overlay):
        name = manifest["metadata"]["name"]
        pod, containers = spec["securityContext"], spec["containers"]
        assert pod["runAsNonRoot"] is True, name
        assert pod["runAsUser"] >= 10000, name
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & spec.keys(), name
        for container in containers:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == CAPABILITIES, name


def test_no_service_account_has_a_token(overlay: list[Manifest]) -> None:
    accounts = [m for m in overlay if m["kind"] == "ServiceAccount"]
    assert accounts
    assert all(account["automountServiceAccountToken"] is False for account in accounts)


def test_every_container_says_what_it_needs_and_its_image_has_a_tag(overlay: list[Manifest]) -> None:
    for manifest, spec in workloads(overlay):
        for container in spec["containers"]:
            name = f"{manifest['metadata']['name']}/{container['name']}"
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}, name
            assert re.fullmatch(r"\S+:[\w.-]+", container["image"]), name
            assert not container["image"].endswith(":latest"), name


def test_an_api_is_killed_only_after_it_had_time_to_finish(overlay: list[Manifest]) -> None:
    settings = one(overlay, "ConfigMap", "settings")["data"]
    drain, timeout = float(settings["DRAIN_SECONDS"]), int(settings["REQUEST_TIMEOUT_SECONDS"])
    for spec in _of(overlay, "api"):
        waits = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert waits >= DNS_SECONDS
        assert (
            spec["terminationGracePeriodSeconds"]
            >= waits + drain + timeout + FINISHING_SECONDS + SPARE_SECONDS
        )


def test_an_api_serves_until_the_gateway_has_noticed_that_it_stops(overlay: list[Manifest]) -> None:
    drain = float(one(overlay, "ConfigMap", "settings")["data"]["DRAIN_SECONDS"])
    for upstream in _kong().upstreams:
        active = upstream.healthchecks.active
        noticed = active.healthy.interval * active.unhealthy.http_failures + active.timeout
        assert drain >= noticed, upstream.name
        for spec in _of(overlay, "api"):
            assert spec["containers"][0]["readinessProbe"]["httpGet"]["path"] == active.http_path


def test_a_request_may_not_outlive_the_server_that_answers_it(overlay: list[Manifest]) -> None:
    timeout = float(one(overlay, "ConfigMap", "settings")["data"]["REQUEST_TIMEOUT_SECONDS"])
    assert all(service.read_timeout / 1000 > timeout for service in _kong().services)


def test_a_worker_is_killed_only_after_it_handed_back_its_jobs(overlay: list[Manifest]) -> None:
    needed = WORKER_GRACE_SECONDS + HAND_BACK_SECONDS + SPARE_SECONDS
    for spec in _of(overlay, "worker"):
        assert spec["terminationGracePeriodSeconds"] >= needed


def test_the_gateway_is_killed_only_after_the_slowest_request(overlay: list[Manifest]) -> None:
    spec = one(overlay, "Deployment", "gateway")["spec"]["template"]["spec"]
    command = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    options = dict(part.split("=") for part in command if "=" in part)
    slowest = max(service.read_timeout for service in _kong().services) / 1000
    assert int(options["--timeout"]) >= slowest
    assert spec["terminationGracePeriodSeconds"] >= int(options["--wait"]) + int(options["--timeout"])


def test_probes_ask_what_the_servers_answer(overlay: list[Manifest]) -> None:
    app = FastAPI()
    add_health(app)
    answered = {route.path for route in app.routes if isinstance(route, Route)}
    for spec in (*_of(overlay, "api"), *_of(overlay, "worker")):
        container = spec["containers"][0]
        asked = [
            container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")
        ]
        assert asked == ["/health/ready", "/health/serving", "/health/live"]
        assert set(asked) <= answered


def _of(overlay: list[Manifest], component: str) -> list[Manifest]:
    found = [
        spec
        for manifest, spec in workloads(overlay)
        if manifest["metadata"]["labels"].get("app.kubernetes.io/component") == component
    ]
    assert found
    return found


def _kong() -> KongFile:
    return KongFile.model_validate(read_document(ROOT / "gateway" / "kong.yml").data)
