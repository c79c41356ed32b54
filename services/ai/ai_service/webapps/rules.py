"""What a web app may become, and which addresses it may have. No database."""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import urlsplit

from ai_service.webapps.errors import InvalidTransition
from shared.ip_addresses import is_public

Status = Literal["draft", "building", "deployed", "live"]
NEXT: Final[dict[str, tuple[Status, ...]]] = {
    "draft": ("building", "deployed"),
    "building": ("deployed",),
    "deployed": ("live", "building"),
    "live": ("building",),
}
MAX_URL: Final = 500
PRIVATE_NAMES: Final = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "test",
    "invalid",
    "arpa",
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def move(current: str, wanted: Status) -> bool:
    """Whether going to `wanted` changes anything. Raises InvalidTransition where the way does not lead there."""
    if current == wanted:
        return False
    if wanted not in NEXT[current]:
        raise InvalidTransition.between(current, wanted, NEXT[current])
    return True


def flaw(url: str) -> str | None:
    """Why this cannot be the address of something that others are to see; None if it can.

    It is only shown, never fetched by us: what it leads to is looked at by nobody here.
    """
    if len(url) > MAX_URL or not url.isascii() or re.search(r"[\s\\<>\"]", url):
        return f"Must be an address in ASCII without spaces, of at most {MAX_URL} characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "Not an address"
    if parts.scheme != "https":
        return "Must begin with https://"
    if "@" in parts.netloc:
        return "Must not hold a user or a password"
    if port == 0:
        return "Not an address"
    return _host_flaw(host)


def _host_flaw(host: str) -> str | None:
    try:
        public = is_public(host)
    except ValueError:
        return _name_flaw(host.removesuffix("."))
    return None if public else "Must be a public host"


def _name_flaw(name: str) -> str | None:
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "Must be a public host, such as app.example.com"
    # 127.1 and 0x7f.1 are addresses to a browser, though not to Python: no public name ends in a number.
    if labels[-1] in PRIVATE_NAMES or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        return "Must be a public host"
    return None
