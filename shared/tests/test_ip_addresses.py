"""What is of the open internet, and what only looks so."""

from __future__ import annotations

import pytest

from shared.ip_addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "2002:7f00:1::", "ff02::1",
        "64:ff9b::7f00:1", "::127.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1",
        "64:ff9b:1::808:808", "64:ff9b:1:ffff::1", "fec0::1", "feff::1", "::ffff:0:8.8.8.8", "::ffff:0:10.0.0.1",
        "::8.8.8.8", "3fff::1", "3fff:fff::1", "5f00::1", "100::1", "2001::1", "2001:db8::1", "2001:10::1",
        "240.0.0.1", "2002:808:808::", "4000::1", "1fff::1", "fd00::1",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "192.0.1.1", "223.255.255.254", "2606:4700::1111", "2001:200::1", "2400:cb00::1",
        "3fff:1000::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    ],
)  # fmt: skip
def test_an_address_outside_is_public(address: str) -> None:
    assert is_public(address)


def test_what_is_no_address_is_not_decided_upon() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_public("localhost")
