"""Which certificates are trusted in calls to other servers."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


def context_for(url: str) -> ssl.SSLContext:
    """For calls to `url`. Plain http needs no certificates: reading them takes about 50 ms at each start."""
    return verified_context() if url.startswith("https:") else empty_context()


@cache
def verified_context() -> ssl.SSLContext:
    """Trusts what browsers trust, or what SSL_CERT_FILE or SSL_CERT_DIR names; one context for the whole process."""
    return httpx.create_ssl_context()


@cache
def empty_context() -> ssl.SSLContext:
    """Verifies as strictly, but accepts no certificate."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
