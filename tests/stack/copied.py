"""A copy of this checkout, with an environment of its own that shares what is installed for this one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

SECONDS = 180
PROGRAMS = ("kubectl", "ruff")
"""What is looked for beside Python."""


@dataclass(frozen=True)
class Copy:
    """The checkout's files as they are now, also those that are not committed yet."""

    root: Path

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"

    def run(self, *words: str, status: int = 0, **environment: str) -> str:
        """`python -m ...` in the copy; demands its exit status, and returns what it said."""
        result = subprocess.run(
            [self.python, "-m", *words], cwd=self.root, env={**os.environ, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert result.returncode == status, result.stdout
        return result.stdout

    def install(self) -> None:
        """Makes the copy's own packages importable, as installing them editable does: again for a new service."""
        (site_packages,) = (self.root / ".venv").glob("lib/python3*/site-packages")
        ours = [
            path.parent
            for pattern in ("*", "services/*")
            for path in self.root.glob(f"{pattern}/pyproject.toml")
        ]
        paths = [*ours, Path(sysconfig.get_path("purelib"))]
        (site_packages / "ours.pth").write_text("".join(f"{path}\n" for path in paths))


def copy_checkout(root: Path) -> Copy:
    """Into a folder that is not there yet."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    for program in PROGRAMS:
        (root / ".venv" / "bin" / program).symlink_to(Path(sys.executable).with_name(program))
    made = Copy(root)
    made.install()
    return made
