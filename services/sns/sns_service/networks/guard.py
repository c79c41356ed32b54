"""Users name sites and media by address: none of them may lead to machines inside of our own network."""

from __future__ import annotations

import errno
import socket
from typing import Final

from aiohttp import AddrInfoType

from shared.ip_addresses import is_public

NOT_PUBLIC: Final = "not a public address"
"""All that is said of it: a user may not learn which address a name leads to in our network."""


class NotPublic(OSError):
    """The address belongs to our own network."""


def public_socket(address: AddrInfoType) -> socket.socket:
    """A socket for the very address that is connected to next: a name may change its mind after it was looked at.

    Raises NotPublic.
    """
    family, kind, protocol, _, where = address
    if not is_public(str(where[0])):
        raise NotPublic(errno.EHOSTUNREACH, NOT_PUBLIC)
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made
