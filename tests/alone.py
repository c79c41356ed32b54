"""`make alone SERVICE=coocook`: installs one service beside shared, nothing else, and runs its tests there.

It is what a deployment of this service alone consists of, and needs no .venv: any Python 3.11 runs this file. The
versions are those of requirements.lock, with checked hashes; the environment is `.run/alone/SERVICE`. Then its promises
(docs/api) are held against what the code says, and against those of another commit where --base names one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stack.services import NAMES
from stack.uv import Uv, pinned

ROOT = Path(__file__).parents[1]
DIRECTORY = ROOT / ".run" / "alone"
LOCK = ROOT / "requirements.lock"
TESTS_NEED = ("pytest-xdist", "hypothesis")
"""Beside what `softfactory-testing` brings."""
BUILDS_NEED = ("hatchling", "editables")


def main(arguments: Sequence[str] | None = None) -> int:
    """The first exit status that is not 0; 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="make alone", description=__doc__, allow_abbrev=False)
    parser.add_argument("service", choices=NAMES, help="which one (make: SERVICE=...)")
    parser.add_argument("--install-only", action="store_true", help="run no tests")
    parser.add_argument("--base", help="also keep what this commit promised, such as origin/main")
    options, pytest_options = parser.parse_known_args(arguments)
    python = install(options.service)
    if not _is_alone(python, options.service) or not _starts(python, options.service):
        return 1
    if options.install_only:
        return 0
    tests = ("pytest", f"services/{options.service}", *(pytest_options or ["-n", "2"]))
    promises = ("tests.contract.promises", "check", "--service", options.service)
    base = ("--base", options.base) if options.base else ()
    return _module(python, *tests) or _module(python, *promises, *base)


def _module(python: Path, *words: str) -> int:
    return subprocess.run([python, "-m", *words], cwd=ROOT, check=False).returncode


PACKAGES = """
import importlib.util, pathlib
names = ["shared"] + [path.name + "_service" for path in pathlib.Path("services").iterdir()]
print(*(name for name in names if importlib.util.find_spec(name)))
"""
"""Which of our packages an environment has; run in the repository's root."""


def _is_alone(python: Path, service: str) -> bool:
    listed = subprocess.run([python, "-c", PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = set(listed.stdout.split())
    if ours != {"shared", f"{service}_service"}:
        print(f"more or less than {service} and shared is importable: {sorted(ours)}", file=sys.stderr)
    return ours == {"shared", f"{service}_service"}


def _starts(python: Path, service: str) -> bool:
    """Whether each of its modules finds all that it imports."""
    package = f"{service}_service"
    imports = f"""
import {package}, shared.web.app, shared.worker
from importlib import import_module
from pkgutil import walk_packages
for module in walk_packages({package}.__path__, "{package}."):
    if not module.name.endswith(".__main__"):
        import_module(module.name)
"""
    return subprocess.run([python, "-c", imports], cwd=ROOT, check=False).returncode == 0


def install(service: str) -> Path:
    """The Python of an environment with this service, made anew. Raises CalledProcessError."""
    uv = find_uv()
    environment = DIRECTORY / service
    python = environment / "bin" / "python"
    uv.run("venv", "--quiet", "--clear", "--python", sys.executable, environment, cwd=ROOT)
    pip = ("pip", "install", "--quiet", "--python", python, "--constraint", LOCK, "--verify-hashes")
    uv.run(*pip, *BUILDS_NEED, cwd=ROOT)
    packages = ("--editable", "shared", "--editable", "testing", "--editable", f"services/{service}")
    uv.run(*pip, "--no-build-isolation", *packages, *TESTS_NEED, cwd=ROOT)
    return python


def find_uv() -> Uv:
    """The uv beside this Python or on PATH; else the one that the lock file names, installed for this purpose."""
    beside, own = Path(sys.executable).parent / "uv", DIRECTORY / "uv" / "bin" / "uv"
    for found in (beside, own, shutil.which("uv")):
        if found and Path(found).exists():
            return Uv(Path(found), Path(sys.executable))
    subprocess.run([sys.executable, "-m", "venv", DIRECTORY / "uv"], check=True)
    only_uv = DIRECTORY / "uv.lock"
    only_uv.write_text(pinned(LOCK.read_text()))
    pip = (own.with_name("python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check")
    subprocess.run([*pip, "--require-hashes", "-r", only_uv], check=True)
    return Uv(own, own.with_name("python"))


if __name__ == "__main__":
    sys.exit(main())
