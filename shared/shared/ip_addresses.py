"""Which addresses may be connected to where users choose the address.

Written out from IANA's registries of special-purpose addresses instead of using `ipaddress`, whose lists differ between
Python versions and lack some of them. An address that is not known to lead to the open internet is refused.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

IPV4_INSIDE: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
"""The whole of each block, also the anycast services in it that are reachable: nobody has a site there."""
IPV6_OPEN: Final = IPv6Network("2000::/3")
"""All that is given out as global unicast; the rest of IPv6 is for the inside, or for nobody yet."""
IPV6_INSIDE: Final = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)  # fmt: skip
NAT64: Final = IPv6Network("64:ff9b::/96")
"""How IPv4 is reached from a network of IPv6 alone (RFC 6052). Its sister 64:ff9b:1::/48 is for the inside."""


def is_public(address: str) -> bool:
    """Whether it is an address of the open internet, also where IPv6 wraps one of IPv4.

    Raises ValueError for what is not an address.
    """
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        wrapped = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped
        if wrapped is None:
            return ip in IPV6_OPEN and not any(ip in network for network in IPV6_INSIDE)
        ip = wrapped
    return not any(ip in network for network in IPV4_INSIDE)
