"""A container engine: the one that is there, else one of our own.

Ours is Debian's docker.io with its own data, socket and process id: it disturbs no other, and ends with who started it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from containers import CACHE, ROOT

PACKAGES = {"dockerd": "docker.io", "debootstrap": "debootstrap", "iptables": "iptables"}
NO_ENGINE = "no container engine: start Docker, or be root on Debian, where one is brought up"
START_SECONDS, STOP_SECONDS = 60.0, 60.0
# Not below the checkout: a socket's path may not exceed 107 bytes.
RUNTIME = Path("/run") / f"softfactory-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"
SOCKET, PID_FILE = RUNTIME / "docker.sock", RUNTIME / "docker.pid"
DATA = CACHE / "engine"
_started: list[subprocess.Popen[bytes]] = []
"""Our child where this process started it, to be waited for."""


class ContainerError(Exception):
    """The message says what to do."""


@dataclass(frozen=True)
class Engine:
    """An engine that answers. `ours`: brought up by this module, where no registry can be taken for granted."""

    host: str
    ours: bool
    environment: dict[str, str] = field(default_factory=dict, repr=False)

    def run(
        self, *arguments: str, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`docker ...`; `extra` environment. Raises ContainerError with the end of what it said."""
        return run(("docker", *arguments), environment={**self.environment, **(extra or {})})

    def has_image(self, name: str) -> bool:
        """Whether the image is there, without pulling it."""
        return self.ok("image", "inspect", name)

    def ok(self, *arguments: str) -> bool:
        """Whether `docker ...` succeeds; its words are dropped."""
        command = ("docker", *arguments)
        return subprocess.run(command, capture_output=True, env=self.environment, check=False).returncode == 0


def run(command: Sequence[str], *, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command to its end; its words are kept for the error. Raises ContainerError."""
    result = subprocess.run(command, capture_output=True, text=True, env=dict(environment), check=False)
    if result.returncode != 0:
        words = "\n".join((result.stdout + result.stderr).splitlines()[-30:])
        raise ContainerError(f"{' '.join(command[:6])} ... ended with status {result.returncode}\n{words}")
    return result


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine for as long as it takes: what was started for it is stopped again. Raises ContainerError."""
    running = find()
    if running:
        yield running
        return
    try:
        yield start()
    finally:
        stop()


def find() -> Engine | None:
    """The user's engine, or ours where it runs already."""
    ours, named = _own(), os.environ.get("DOCKER_HOST", "")
    theirs = Engine(named, ours=False, environment=dict(os.environ))
    if named != ours.host and shutil.which("docker") and theirs.ok("info"):
        return theirs
    return ours if _process() and ours.ok("info") else None


def can_start() -> bool:
    """Whether this machine lets us bring up an engine of our own."""
    return sys.platform == "linux" and os.geteuid() == 0 and (_installed() or bool(shutil.which("apt-get")))


def why_impossible() -> str | None:
    """Why no engine can be had here; None where one can. Starts nothing."""
    return None if find() or can_start() else NO_ENGINE


def start() -> Engine:
    """Brings up our own engine. Raises ContainerError."""
    if not can_start():
        raise ContainerError(NO_ENGINE)
    if not _installed():
        install(*PACKAGES.values())
    for folder in (RUNTIME, DATA):
        folder.mkdir(parents=True, exist_ok=True)
    log = CACHE / "engine.log"
    since = time.monotonic()
    command = (
        "dockerd", "--data-root", str(DATA), "--exec-root", str(RUNTIME / "exec"), "--pidfile", str(PID_FILE),
        "--host", f"unix://{SOCKET}", "--storage-driver", "overlay2", "--bridge", "none",
    )  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    _started.append(process)
    ours = _own()
    while not ours.ok("info"):
        if process.poll() is not None or time.monotonic() - since > START_SECONDS:
            raise ContainerError(f"dockerd did not start: see {log}")
        time.sleep(0.2)
    say("engine", "started", since)
    return ours


def stop() -> None:
    """Ends our own engine, with every container in it; images and volumes stay. No other process is touched."""
    # Who has lost the file with the process id still ends what it started itself.
    process = _process() or (psutil.Process(_started[-1].pid) if _started else None)
    if process is None:
        return
    since = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
    while _started:
        _started.pop().wait()
    say("engine", "stopped", since)


def install(*packages: str) -> None:
    """Debian packages. Raises ContainerError."""
    since = time.monotonic()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(("apt-get", "update", "-qq"), environment=environment)
    run(("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages), environment=environment)
    say("engine", f"installed {', '.join(packages)}", since)


def say(what: str, happened: str, since: float) -> None:
    """A line of progress."""
    print(f"  {what:<22} {happened:<46} {time.monotonic() - since:5.1f} s", flush=True)


def _own() -> Engine:
    host = f"unix://{SOCKET}"
    settings = {"DOCKER_HOST": host, "DOCKER_CONFIG": str(CACHE / "docker-config")}
    kept = {name: value for name, value in os.environ.items() if name != "DOCKER_CONTEXT"}
    return Engine(host, ours=True, environment={**kept, **settings})


def _process() -> psutil.Process | None:
    """Our dockerd. A process id that another program has got since is not taken for it."""
    try:
        process = psutil.Process(int(PID_FILE.read_text()))
        return process if str(DATA) in process.cmdline() else None
    except (OSError, ValueError, psutil.Error):
        return None


def _installed() -> bool:
    return all(shutil.which(program) for program in ("docker", *PACKAGES))
