"""Which addresses may be connected to where users say where to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

IPV4_AT_THE_END: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""NAT64 (RFC 6052), and what IPv6 began with."""


def is_public(address: str) -> bool:
    """Whether it is an address of the open internet, also behind the forms in which IPv6 wraps those of IPv4.

    Raises ValueError for what is not an address.
    """
    ip = _unwrapped(ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast


def _unwrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if ip.version == 4:
        return ip
    if any(ip in wrapping for wrapping in IPV4_AT_THE_END):
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
