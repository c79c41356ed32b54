"""Whose certificates are trusted in calls to others."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


def context_for(url: str) -> ssl.SSLContext:
    """For calls to `url`. Of plain http nobody is: reading the certificates takes some 50 ms at each start."""
    return verified_context() if url.startswith("https:") else empty_context()


@cache
def verified_context() -> ssl.SSLContext:
    """Who is trusted by browsers, or named by SSL_CERT_FILE or SSL_CERT_DIR; one of it for all of the process."""
    return httpx.create_ssl_context()


@cache
def empty_context() -> ssl.SSLContext:
    """Verifies as strictly, and finds no certificate good."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
