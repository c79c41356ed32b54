"""Passwords and keys of this stack: made at the first `up`, kept in `secrets.json`, readable by their owner only."""

import base64
import json
import secrets
from collections.abc import Callable

from stack.directory import RunDirectory, read_json, write_private
from stack.errors import StackError


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
