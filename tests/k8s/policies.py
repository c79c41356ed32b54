"""`make policies`: checkov, in an environment of its own, on both rendered overlays."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from stack.uv import Uv
from tests.k8s.rendering import OVERLAYS, ROOT, render, render_monitoring

POLICIES = ROOT / "k8s" / "policies"
LOCK = POLICIES / "requirements.lock"
ENVIRONMENT = ROOT / ".run" / "policies"
STAMP = ENVIRONMENT / ".installed"


def install() -> None:
    """Checkov as the lock file says, with checked hashes; anew only after a change of that file."""
    if STAMP.exists() and STAMP.read_bytes() == LOCK.read_bytes():
        return
    uv = Uv(Path(sys.executable).with_name("uv"), Path(sys.executable))
    uv.run("venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT, cwd=ROOT)
    uv.run("pip", "install", "--quiet", "--python", ENVIRONMENT, "--require-hashes", "-r", LOCK, cwd=ROOT)
    STAMP.write_bytes(LOCK.read_bytes())


def main() -> int:
    """Checkov's exit status: 0 if nothing was found."""
    install()
    with tempfile.TemporaryDirectory() as directory:
        for overlay in OVERLAYS:
            with tempfile.TemporaryDirectory() as copy:
                Path(directory, f"{overlay}.yaml").write_text(render(overlay, Path(copy)))
        Path(directory, "monitoring.yaml").write_text(render_monitoring())
        command: list[str | Path] = [
            ENVIRONMENT / "bin" / "checkov",
            "--config-file",
            POLICIES / "checkov.yaml",
            "--directory",
            directory,
        ]
        quiet = {**os.environ, "LOG_LEVEL": "WARNING"}  # checkov reads it too
        status = subprocess.run(command, env=quiet, check=False).returncode
    print("the overlays keep every policy" if status == 0 else "a policy is broken: see above")
    return status


if __name__ == "__main__":
    sys.exit(main())
