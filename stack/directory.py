"""The directory of one stack: where its files are, who may change it, and the passwords and keys made for it."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.errors import StackError
from stack.processes import MARKER, PART

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunDirectory:
    """The files of one stack. Two directories are two stacks that do not know each other."""

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> RunDirectory:
        return cls(Path(environment.get("STACK_DIR") or CHECKOUT / ".run").expanduser().resolve())

    @property
    def stack_id(self) -> str:
        """Marks this stack's processes. Made of the path, so that it outlives a deleted directory."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:16]

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def summary(self) -> Path:
        """Addresses and users, for tools (`stack.json`)."""
        return self.root / "stack.json"

    def log(self, part: str) -> Path:
        return self.root / "logs" / f"{part}.log"

    def create(self) -> None:
        for folder in (self.root, self.data, self.root / "logs"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one command at a time changes this stack. The kernel drops the lock of a killed one.

        Programs that this command starts from now on are marked as the stack's, so that the next one finds them.
        """
        self.create()
        os.environ.update({MARKER: self.stack_id, PART: "command"})
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(
                    f"another command is changing the stack in {self.root}: wait until it is done"
                ) from None
            yield


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, in one step: readers see the old text or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours; empty where there is none, or where a crash left it unreadable."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _password() -> str:
    return secrets.token_urlsafe(24)


def new_fernet_key() -> str:
    """32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


class Credentials:
    """Secrets by name. What is asked for and is not there yet is made; `save` keeps it."""

    def __init__(self, directory: RunDirectory) -> None:
        self._path = directory.root / "secrets.json"
        self._known: dict[str, str] = read_json(self._path)
        if not self._known and (directory.data / "postgres").exists():
            raise StackError(f"{self._path} is lost, and the data cannot be opened without it: `make clean`")

    def password(self, name: str) -> str:
        return self._get(name, _password)

    def fernet_key(self, name: str) -> str:
        return self._get(name, new_fernet_key)

    def stripe_key(self) -> str:
        return self._get("stripe.key", lambda: f"sk_test_{secrets.token_hex(16)}")

    def webhook_secret(self) -> str:
        return self._get("stripe.webhook", lambda: f"whsec_{secrets.token_hex(16)}")

    def _get(self, name: str, make: Callable[[], str]) -> str:
        return self._known.setdefault(name, make())

    def save(self) -> None:
        write_private(self._path, json.dumps(self._known, indent=2) + "\n")
