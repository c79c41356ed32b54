"""compose.yaml's profile `watch` is of one piece with the rest. It is not run: its images come from a registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from containers import ROOT
from containers.compose import COLLECTOR, Composition, _new_passwords
from containers.engine import Engine
from monitoring.alertmanager import configuration
from monitoring.tools import Tools, fetch
from stack.services import NAMES

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
PARTS: dict[str, Any] = COMPOSE["services"]
WATCHING = {name: part for name, part in PARTS.items() if part.get("profiles") == ["watch"]}
FOLDER = ROOT / "monitoring" / "compose"
SCRAPED: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
JOBS = {job["job_name"]: job for job in SCRAPED["scrape_configs"]}
SOURCES = {
    source["uid"]: source
    for source in yaml.safe_load((FOLDER / "grafana" / "datasources.yml").read_text())["datasources"]
}


def mounts(part: dict[str, Any]) -> dict[str, str]:
    """What a part finds where, of this repository."""
    found = {}
    for volume in part.get("volumes", []):
        source, target = re.fullmatch(r"(\$\{[^}]+\}|[^:]+):([^:]+)(?::ro)?", volume).groups()  # type: ignore[union-attr]
        found[target] = re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", source)
    return found


def test_the_profile_has_what_is_needed_to_watch() -> None:
    assert WATCHING.keys() == {
        "prometheus", "alertmanager", "grafana", "otel-collector", "jaeger", "postgres-exporter", "redis-exporter",
    }  # fmt: skip


@pytest.mark.parametrize("name", WATCHING)
def test_its_images_have_a_version_and_its_files_exist(name: str) -> None:
    part = WATCHING[name]
    assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", part["image"])
    for source in mounts(part).values():
        assert source in COMPOSE["volumes"] or (ROOT / source).exists(), source
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]


def test_its_pages_are_for_this_machine_alone() -> None:
    ports = {name: part["ports"] for name, part in WATCHING.items() if "ports" in part}
    assert ports.keys() == {"grafana", "prometheus", "jaeger"}
    assert all(port.startswith("127.0.0.1:") for those in ports.values() for port in those)


def test_without_the_profile_nothing_needs_what_it_starts() -> None:
    for name, part in PARTS.items():
        assert name in WATCHING or not part.get("depends_on", {}).keys() & WATCHING.keys()


def test_every_process_is_scraped_at_the_port_that_it_has() -> None:
    api, worker = (JOBS[name]["dns_sd_configs"][0] for name in ("api", "worker"))
    assert (set(api["names"]), api["port"]) == (set(NAMES), 8000)
    assert (set(worker["names"]), worker["port"]) == ({f"{name}-worker" for name in NAMES}, 8001)
    assert {*api["names"], *worker["names"]} <= PARTS.keys()


def test_everything_else_that_is_scraped_is_a_part_and_has_its_component() -> None:
    for name in JOBS.keys() - {"api", "worker"}:
        ((static,),) = (JOBS[name]["static_configs"],)
        (target,) = static["targets"]
        assert target.partition(":")[0] in {*PARTS, "localhost"}
        assert static["labels"]["component"] == name
    assert JOBS["gateway"]["static_configs"][0]["targets"] == ["gateway:8100"]
    assert "KONG_STATUS_LISTEN=0.0.0.0:8100" in (ROOT / "gateway" / "kong.env").read_text()


@pytest.fixture(scope="module")
def tools() -> Tools:
    found = Tools()
    fetch(found)
    return found


def test_prometheus_and_alertmanager_take_their_files(tools: Tools, tmp_path: Path) -> None:
    text = (FOLDER / "prometheus.yml").read_text()
    rules = mounts(WATCHING["prometheus"])["/etc/prometheus/rules"]
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/rules", str(ROOT / rules)))
    for command in (
        [*tools.command("promtool"), "check", "config", str(tmp_path / "prometheus.yml")],
        [*tools.command("amtool"), "check-config", str(FOLDER / "alertmanager.yml")],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_alertmanager_has_the_routes_of_everywhere() -> None:
    text = (FOLDER / "alertmanager.yml").read_text()
    assert yaml.safe_load(text) == yaml.safe_load(configuration({}))


def test_grafana_leads_from_a_point_to_its_trace_and_shows_the_dashboards() -> None:
    (leads,) = SOURCES["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert (leads["name"], SOURCES[leads["datasourceUid"]]["type"]) == ("trace_id", "jaeger")
    assert "--enable-feature=exemplar-storage" in WATCHING["prometheus"]["command"]
    assert {re.findall(r"//([\w-]+):", source["url"])[0] for source in SOURCES.values()} <= WATCHING.keys()
    (provider,) = yaml.safe_load((FOLDER / "grafana" / "dashboards.yml").read_text())["providers"]
    there = mounts(WATCHING["grafana"])
    assert there[provider["options"]["path"]] == "./monitoring/dashboards/generated"
    home = WATCHING["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, _, file = home.rpartition("/")
    assert (ROOT / there[folder] / file).exists()


def test_the_exporter_has_a_role_of_its_own() -> None:
    given = WATCHING["postgres-exporter"]["environment"]
    assert given["DATA_SOURCE_PASS"] == PARTS["databases"]["environment"]["MONITORING_DATABASE_PASSWORD"]
    assert "MONITORING_DATABASE_PASSWORD" in _new_passwords()
    script = (ROOT / "containers" / "databases.sh").read_text()
    assert f"GRANT pg_monitor TO {given['DATA_SOURCE_USER']};" in script


def test_watch_starts_the_profile_and_sends_traces_to_its_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    composition = Composition(Engine("", ours=False, environment={}))
    monkeypatch.setenv("WATCH", "1")
    monkeypatch.delenv("OTLP_ENDPOINT", raising=False)
    environment = composition._environment({})
    assert (environment["COMPOSE_PROFILES"], environment["OTLP_ENDPOINT"]) == ("watch", COLLECTOR)
    assert COLLECTOR.split("/")[2].partition(":")[0] in WATCHING
    monkeypatch.setenv("WATCH", "0")
    assert "COMPOSE_PROFILES" not in composition._environment({})
