"""Which addresses a web app may have."""

from __future__ import annotations

import pytest

from ai_service.webapps.rules import flaw


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://app.example.com:8443/path?query=1#part",
        "https://xn--bcher-kva.example",
        "https://github.com/someone/some-thing.git",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://example.com./",
    ],
)
def test_public_https_addresses_are_taken(url: str) -> None:
    assert flaw(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://example.com",
        "javascript:alert(1)",
        "//example.com",
        "example.com",
        "https://",
        "https:///path",
        "https://user:word@example.com",
        "https://user@example.com",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://app.localhost/",
        "https://printer.local/",
        "https://db.internal/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[fc00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[64:ff9b:1::808:808]/",
        "https://[fec0::1]/",
        "https://192.0.0.8/",
        "https://[::1",
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://exa mple.com/",
        "https://example.com\\@evil.test/",
        "https://-bad-.example.com/",
        "https://bücher.example/",
        "https://example.com/" + "x" * 500,
    ],
)
def test_everything_else_is_refused_with_a_reason(url: str) -> None:
    assert flaw(url)
