"""Makes `.venv` from the lock file: run by the Makefile with any Python 3.11 or newer, before anything is installed.

`.venv/.installed` is written last and names the checkout. What an interrupted run leaves is made anew.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".installed"
UNFINISHED = VENV / ".unfinished"
PYTHON = VENV / "bin" / "python"


def is_current() -> bool:
    """Whether the last installation is complete, works, is of this directory, and of these dependencies."""
    with contextlib.suppress(FileNotFoundError):
        made = STAMP.stat().st_mtime
        newest = max(path.stat().st_mtime for path in dependencies())
        return not UNFINISHED.exists() and STAMP.read_text() == str(ROOT) and made >= newest and works()
    return False


def dependencies() -> list[Path]:
    """The files that say what is installed."""
    return [
        ROOT / "requirements.lock",
        ROOT / "shared" / "pyproject.toml",
        *ROOT.glob("services/*/pyproject.toml"),
    ]


def works() -> bool:
    """Whether the environment's Python still starts (its base may have been removed) and has pip."""
    return PYTHON.exists() and _quiet(str(PYTHON), "-c", "import pip") == 0


def install() -> None:
    """Installs everything with checked hashes. Raises CalledProcessError."""
    broken = UNFINISHED.exists() or not works() or (STAMP.exists() and STAMP.read_text() != str(ROOT))
    STAMP.unlink(missing_ok=True)
    if broken:
        _step("make .venv", sys.executable, "-m", "venv", "--clear", str(VENV))
    UNFINISHED.touch()
    pip = (str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input")
    _step("install requirements.lock", *pip, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
    packages = [str(path.parent) for path in dependencies()[1:]]
    editable = [part for package in packages for part in ("--editable", package)]
    _step("install shared and the services", *pip, "--no-deps", "--no-build-isolation", *editable)
    STAMP.write_text(str(ROOT))
    UNFINISHED.unlink()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One installation of this checkout at a time. The kernel drops the lock of a killed one."""
    directory = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _step(what: str, *command: str) -> None:
    since = time.monotonic()
    print(f"  {what:<65} ", end="", flush=True)
    subprocess.run(command, check=True, cwd=ROOT)
    print(f"{time.monotonic() - since:5.1f} s", flush=True)


def _quiet(*command: str) -> int:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode
    except OSError:
        return 1


def main() -> int:
    """Installs where it is needed, one run at a time; exit status 0, or 1 with the reason."""
    try:
        with _alone():
            if not is_current():
                install()
    except subprocess.CalledProcessError as error:
        print(f"\nfailed: {' '.join(error.cmd[:6])} ... (status {error.returncode})", file=sys.stderr)
        if "venv" in error.cmd:
            print(
                "Python lacks its venv module: on Debian or Ubuntu, apt install python3-venv", file=sys.stderr
            )
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: the next make does it anew", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
