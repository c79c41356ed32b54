"""Makes `.venv` from lock files, with checked hashes: the Makefile runs it, with any Python 3.11 or newer.

`running` is what the platform needs to run (stack/requirements.lock), `everything` what the checks need beside that
(requirements.lock, of which the former is a part). uv installs; where it cannot be had or fails, pip does, by the same
hashes.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from stack.uv import Uv, pinned

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"running": Path("stack", "requirements.lock"), "everything": Path("requirements.lock")}
FAILURES = (subprocess.CalledProcessError, OSError)


class Environment:
    """The `.venv` of a checkout.

    `.installed` names the checkout, and of each complete part the digest of what it was made from. `.unfinished` is
    there while packages change, and says how they were before: if an interrupted run has changed any, all of it is
    installed again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.directory = root / ".venv"
        self.python = self.directory / "bin" / "python"
        self._installed = self.directory / ".installed"
        self._unfinished = self.directory / ".unfinished"

    def has(self, part: str) -> bool:
        """Whether the part is complete, of this checkout and of these lock files, and starts."""
        return self._parts().get(part) == self._digest(part) and self._is_sound()

    def install(self, part: str) -> None:
        """Installs the part. What is there beside it stays. Raises CalledProcessError."""
        if not self._is_sound():
            self._make()
        self._installed.write_text(f"{self.root}\n")
        # Not what else was complete: the packages that both parts need may have been others, on another branch.
        complete = [f"{name} {self._digest(name)}" for name in (LOCKS if part == "everything" else (part,))]
        uv = self._uv()
        for what, words in self._steps(part):
            if uv and not self._by_uv(uv, f"install {what}", *words):
                uv = None
            if not uv:
                self._by_pip(f"install {what} by pip", *words)
        self._installed.write_text("\n".join([str(self.root), *complete]) + "\n")
        self._unfinished.unlink()

    def _make(self) -> None:
        self._installed.unlink(missing_ok=True)  # first, as clearing may be interrupted too
        with _step("make .venv"):
            _run(sys.executable, "-m", "venv", "--clear", self.directory)

    def _steps(self, part: str) -> Iterator[tuple[object, tuple[str | Path, ...]]]:
        """What is installed, and how pip and uv alike are told so."""
        yield LOCKS[part], ("--require-hashes", "-r", self.root / LOCKS[part])
        packages = [path.parent.relative_to(self.root) for path in self._projects()]
        editable = [word for package in packages for word in ("--editable", package)]
        yield "our own packages", ("--no-deps", "--no-build-isolation", *editable)

    def _uv(self) -> Uv | None:
        """The uv in the environment, installed by pip where there is none; None where it cannot be had."""
        program = self.directory / "bin" / "uv"
        if not program.exists():
            with tempfile.NamedTemporaryFile("w", suffix=".lock") as lock:
                lock.write(pinned((self.root / LOCKS["everything"]).read_text()))
                lock.flush()
                try:
                    self._by_pip("install uv", "--require-hashes", "-r", lock.name, capture=True)
                except FAILURES as error:
                    _say_why_not_uv(error)
                    return None
        return Uv(program, self.python)

    def _by_uv(self, uv: Uv, what: str, *words: str | Path) -> bool:
        """False where uv fails, which has then been said."""
        try:
            with self._change(what):
                uv.run(
                    "pip", "install", "--quiet", "--python", self.python, "--compile-bytecode",
                    "--link-mode=copy",  # editing a file in .venv must not change it in uv's cache
                    *words, capture=True, cwd=self.root,
                )  # fmt: skip
        except FAILURES as error:
            _say_why_not_uv(error)
            return False
        return True

    def _by_pip(self, what: str, *words: str | Path, capture: bool = False) -> None:
        pip = (self.python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input")
        with self._change(what):
            _run(*pip, *words, cwd=self.root, capture=capture)

    @contextlib.contextmanager
    def _change(self, what: str) -> Iterator[None]:
        self._unfinished.write_text(self._state())
        with _step(what):
            yield

    def _is_sound(self) -> bool:
        """Whether the environment is of this checkout, whole, and starts (its base may have been removed)."""
        at_home = self._installed.exists() and self._installed.read_text().splitlines()[:1] == [
            str(self.root)
        ]
        whole = not self._unfinished.exists() or self._unfinished.read_text() == self._state()
        return at_home and whole and _starts(self.python)

    def _state(self) -> str:
        """Changes when a package is installed or removed: each has an entry in these folders."""
        folders = (*self.directory.glob("lib/python3*/site-packages"), self.directory / "bin")
        return " ".join(str(folder.stat().st_mtime_ns) for folder in folders if folder.exists())

    def _parts(self) -> dict[str, str]:
        """The digest of each complete part."""
        try:
            lines = self._installed.read_text().splitlines()[1:]
        except FileNotFoundError:
            return {}
        return {name: digest for name, _, digest in (line.partition(" ") for line in lines)}

    def _digest(self, part: str) -> str:
        digest = hashlib.sha256((self.root / LOCKS[part]).read_bytes())
        for project in self._projects():
            digest.update(project.read_bytes())
        return digest.hexdigest()

    def _projects(self) -> list[Path]:
        return [
            *sorted(self.root.glob("*/pyproject.toml")),
            *sorted(self.root.glob("services/*/pyproject.toml")),
        ]


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One installation of a checkout at a time. The kernel drops the lock of a killed one."""
    directory = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    since = time.monotonic()
    print(f"  {what:<65} ", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - since:5.1f} s", flush=True)


def _say_why_not_uv(error: Exception) -> None:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [str(error)]
    # pip's first line with this word, and uv's last line, name the cause.
    cause = next((line for line in lines if line.startswith("ERROR:")), lines[-1])
    print(f"  without uv, which is slower: {cause[:200]}", flush=True)


def _run(*command: str | Path, cwd: Path | None = None, capture: bool = False) -> None:
    subprocess.run(command, check=True, cwd=cwd, capture_output=capture, text=True)


def _starts(python: Path) -> bool:
    try:
        return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def main() -> int:
    """Installs where it is needed, one run at a time; exit status 0, or 1 with the reason."""
    parser = argparse.ArgumentParser(prog="python -m stack.install", description=__doc__)
    parser.add_argument("part", choices=LOCKS)
    part = parser.parse_args().part
    environment = Environment(ROOT)
    try:
        with _alone(ROOT):
            if not environment.has(part):
                environment.install(part)
    except subprocess.CalledProcessError as error:
        print(f"failed: {' '.join(map(str, error.cmd[:6]))} ... (status {error.returncode})", file=sys.stderr)
        if "venv" in error.cmd:
            print(
                "Python lacks its venv module: on Debian or Ubuntu, apt install python3-venv", file=sys.stderr
            )
        return 1
    except KeyboardInterrupt:
        print("interrupted: the next make goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
