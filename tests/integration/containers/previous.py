"""A service as it was before `shared` changed last, from git."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from containers import ROOT

VERSION = "previous"
WHY_NOT = "git holds no earlier version of shared (a shallow clone?): fetch the history"


def previous_commit() -> str | None:
    """The last commit with the version of `shared` before today's; None where the history does not reach so far."""
    changes = _git("log", "-2", "--format=%H", "--", "shared/shared").split()
    return changes[1] if len(changes) == 2 else None


def unpack(commit: str, service: str, folder: Path) -> None:
    """What the image of the service is made of, as of that commit; how it is made is today's."""
    paths = ["shared", f"services/{service}"]
    archive = subprocess.run(
        ["git", "archive", commit, *paths], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    shutil.copy(ROOT / ".dockerignore", folder)
    own = f"services/{service}"
    shutil.copy(ROOT / "services" / "Dockerfile", folder / "services")
    for lock in ("shared/requirements.lock", f"{own}/requirements.lock"):
        if not (folder / lock).exists():
            shutil.copy(ROOT / lock, folder / lock)


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout
