"""Access tokens as the platform signs them, and wrong ones."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

_subjects = count(1000)


def new_key() -> str:
    """A private key (PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def public_half(private: str) -> str:
    """The public key (PEM) of a private one."""
    return RSAKey.import_key(private).as_pem(private=False).decode()


@dataclass
class Signer:
    """Signs with known private keys (kid -> PEM)."""

    keys: dict[str, str] = field(default_factory=dict)

    def public(self) -> dict[str, str]:
        """kid -> public PEM, as the gateway is given them."""
        return {kid: public_half(pem) for kid, pem in self.keys.items()}

    def token(
        self,
        *,
        subject: str | None = None,
        kid: str | None = None,
        key: str | None = None,
        lives: int | None = 900,
        without_kid: bool = False,
    ) -> str:
        """A token; by default a good one of a user that no other test uses. `lives` in seconds; None: no exp."""
        kid = kid or next(iter(self.keys))
        header: dict[str, Any] = {"alg": "RS256"} if without_kid else {"alg": "RS256", "kid": kid}
        return jwt.encode(header, claims(subject, lives), RSAKey.import_key(key or self.keys[kid]))

    def headers(self, **options: Any) -> dict[str, str]:
        """An Authorization header with such a token."""
        return {"Authorization": f"Bearer {self.token(**options)}"}

    def signed_with_the_public_key(self) -> str:
        """HS256, keyed with what everybody can read: passes wherever the algorithm is taken from the token."""
        kid, private = next(iter(self.keys.items()))
        secret = OctKey.import_key(base64.b64encode(public_half(private).encode()))
        return jwt.encode({"alg": "HS256", "kid": kid}, claims(None, 900), secret)

    def unsigned(self) -> str:
        """alg none, without a signature."""
        header = {"alg": "none", "kid": next(iter(self.keys))}
        parts = (json.dumps(part).encode() for part in (header, claims(None, 900)))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def claims(subject: str | None, lives: int | None) -> dict[str, Any]:
    """The claims of an access token."""
    known: dict[str, Any] = {"iss": "softfactory", "aud": "softfactory-api", "sid": "s1", "role": "user"}
    known["sub"] = subject or str(next(_subjects))
    if lives is not None:
        known["exp"] = int(time.time()) + lives
    return known
