"""uv, which installs in seconds what pip takes a minute for, told what this machine's pip is told.

uv reads none of pip's settings, and who reaches packages only through an index or a proxy of their own has said so to
pip, in a file or in PIP_ variables. What is set for uv itself is stronger. This runs before anything is installed: it
has the standard library alone.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST", "cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT", "default-timeout": "UV_HTTP_TIMEOUT",
    "retries": "UV_HTTP_RETRIES", "no-cache-dir": "UV_NO_CACHE",
}  # fmt: skip
"""uv's names for pip's settings. Of pip's others, constraints say less than a lock file does."""
SECTIONS = ("global", "install", ":env:")
"""Of pip's settings, the stronger ones later."""
SETTING = re.compile(r"^(global|install|:env:)\.([a-z-]+)=(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Uv:
    """A uv, and what the pip of `pip_of` (a Python) is told; nothing where that has no pip."""

    program: Path
    pip_of: Path

    def run(self, *arguments: str | Path, cwd: Path, capture: bool = False) -> None:
        """Raises OSError, or CalledProcessError, with what uv said in `stderr` if that is captured."""
        command = [str(part) for part in (self.program, *arguments, *_options(arguments, self._settings))]
        environment = {**variables(self._settings), **os.environ}
        subprocess.run(command, check=True, cwd=cwd, capture_output=capture, text=True, env=environment)

    @cached_property
    def _settings(self) -> dict[str, str]:
        return pip_settings(self.pip_of)


def _options(arguments: tuple[str | Path, ...], settings: Mapping[str, str]) -> list[str]:
    """What uv has no variable for."""
    closed = settings.get("no-index", "0").lower() not in {"0", "off", "false", "no"}
    return ["--no-index"] if closed and arguments[:2] == ("pip", "install") else []


def pip_settings(python: Path) -> dict[str, str]:
    """What this Python's pip is told by files and by variables, as `pip install` takes it."""
    command = (str(python), "-m", "pip", "config", "list", "--disable-pip-version-check")
    try:
        listed = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    except OSError:
        return {}
    found = [(SECTIONS.index(section), name, value) for section, name, value in SETTING.findall(listed)]
    return {name: str(ast.literal_eval(value)) for _, name, value in sorted(found)}


def variables(settings: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for pip's settings.

    pip takes a version from whichever index has it, uv from the first that knows the package, unless it is told to
    look in all. The lock file's hashes say which files are meant, so no stranger's package of the same name is taken.
    """
    told = {
        ours: ("," if theirs == "find-links" else " ").join(settings[theirs].split())
        for theirs, ours in VARIABLES.items()
        if settings.get(theirs)
    }
    return {"UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match", **told}


def pinned(lock: str) -> str:
    """The lock file's own entry for uv, with its hashes: all that is installed without uv."""
    (entry,) = re.findall(r"^uv==.*\n(?: .*\n)+", lock, re.MULTILINE)
    return str(entry)
