"""The base image without a registry: a minimal Debian with Python, from the packages that apt has access to."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from containers import CACHE
from containers.engine import Engine, run, say
from containers.errors import ContainerError

ARCHIVE = CACHE / "base.tar"
INCLUDE = "python3,python3-venv,ca-certificates"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LEFT_OUT = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)


def make_base(engine: Engine, name: str) -> None:
    """Makes the image where it is not there; what was fetched once is kept. Raises ContainerError."""
    if engine.has_image(name):
        return
    since = time.monotonic()
    if not ARCHIVE.exists():
        _bootstrap(engine)
    engine.run("import", "--change", "ENV LANG=C.UTF-8", str(ARCHIVE), name)
    say("base", name, since)


def _bootstrap(engine: Engine) -> None:
    root = CACHE / "base"
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    suite, mirror = _source()
    options = ["--variant=minbase", f"--include={INCLUDE}"]
    if Path(KEYRING).exists():
        options.append(f"--keyring={KEYRING}")
    run(("debootstrap", *options, suite, str(root), mirror), environment=engine.environment)
    unfinished = ARCHIVE.with_suffix(".unfinished")
    without = [f"--exclude=./{folder}/*" for folder in LEFT_OUT]
    run(("tar", "-C", str(root), *without, "-cf", str(unfinished), "."), environment=engine.environment)
    unfinished.rename(ARCHIVE)
    shutil.rmtree(root)


def _source() -> tuple[str, str]:
    """The suite and the mirror that this machine's apt uses for its own Debian."""
    question = ("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Identifier: Packages")
    lines = subprocess.run(question, capture_output=True, text=True, check=False).stdout.splitlines()
    for line in lines:
        suite, _, mirror = line.partition(" ")
        if suite and "-" not in suite and "security" not in mirror:
            return suite, mirror
    raise ContainerError("apt names no Debian mirror: give BASE_IMAGE, an image with Python 3.11")
