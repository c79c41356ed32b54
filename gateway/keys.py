"""Public keys: read, checked, and put into the form that each gateway wants."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from gateway.errors import GatewayError

MINIMUM_BITS = 2048
FETCH_SECONDS = 10


def read_keys(path: Path) -> dict[str, str]:
    """A JSON file {kid: PEM}, as `python -m platform_service keys export` prints it. Raises GatewayError."""
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise GatewayError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise GatewayError(f"{path}: is not JSON: {error}") from error
    if not isinstance(keys, dict) or not all(isinstance(pem, str) for pem in keys.values()):
        raise GatewayError(f'{path}: must be an object {{"kid": "PEM text"}}')
    return keys


def fetch_keys(url: str) -> dict[str, str]:
    """The signing keys of the key set (JWKS) that platform publishes at `url`, as {kid: PEM}. Raises GatewayError."""
    if not url.startswith(("http://", "https://")):
        raise GatewayError(
            f"{url}: give an http or https address, such as http://platform:8000/.well-known/jwks.json"
        )
    try:
        with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310
            entries = json.load(answer)["keys"]
        return {
            entry["kid"]: _pem(entry) for entry in entries if entry["kty"] == "RSA" and entry["use"] == "sig"
        }
    except (OSError, urllib.error.URLError) as error:
        raise GatewayError(f"{url}: cannot be fetched: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise GatewayError(f"{url}: did not return a key set: {error!r}") from error


def _pem(entry: dict[str, str]) -> str:
    numbers = RSAPublicNumbers(e=_integer(entry["e"]), n=_integer(entry["n"]))
    return numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _integer(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def load_rsa(kid: str, pem: str) -> RSAPublicKey:
    """The key, or GatewayError naming its kid when it is private, not RSA, too short, or no key at all."""
    if "PRIVATE KEY" in pem:
        raise GatewayError(f"key {kid!r} is a private key: only public keys belong into a gateway")
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError as error:
        raise GatewayError(f"key {kid!r} is not a public key in PEM form") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_BITS:
        raise GatewayError(f"key {kid!r} must be RSA with at least {MINIMUM_BITS} bits")
    return key


def require_public_key(kid: str, pem: str) -> str:
    """The key as canonical PEM text. Raises GatewayError, also for an empty kid."""
    if not kid or not kid.isprintable():
        raise GatewayError(f"{kid!r} is not a key id")
    key = load_rsa(kid, pem)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def jwk(kid: str, pem: str) -> dict[str, Any]:
    """The key as one entry of a JWKS, bound to RS256."""
    numbers = load_rsa(kid, pem).public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": kid,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _number(value: int) -> str:
    return (
        base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
    )
