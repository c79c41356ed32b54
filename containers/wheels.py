"""A wheelhouse per image: what its lock file names, fetched by this machine's pip, since a build may reach no index.

Where it is missing (`docker build` by hand, or another system than Linux) pip in the build asks its index.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from containers import CACHE, ROOT
from containers.engine import say
from containers.errors import ContainerError

Key = tuple[NormalizedName, Version]
STORE = CACHE / "wheels"
WHEELS = ROOT / "build" / "wheels"
PYTHONS = [{"python_full_version": f"3.11.{patch}", "sys_platform": "linux"} for patch in range(30)]
"""The base image's Python may be another patch release than ours, and some needs depend on it."""


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
