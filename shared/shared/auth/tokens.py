"""Access tokens: RS256 only, `kid` required, checked by every service for itself."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedHeaderError
from joserfc.jwk import RSAKey

from shared.auth.errors import InvalidToken
from shared.auth.keys import KeyRing, KeySource, rsa_key
from shared.auth.revoked_sessions import RevokedSessions

ALGORITHMS: Final = ["RS256"]
ACCESS_LIFETIME: Final = timedelta(minutes=15)
"""Where whoever signs says nothing else; platform's setting does."""
LEEWAY_SECONDS: Final = 5
MAX_TOKEN_CHARACTERS: Final = 4096
_MAX_ID: Final = 2**63 - 1


class PlainRegistry(jws.JWSRegistry):
    """Restricts a token's header to standard fields: nothing that a reader must understand beyond the standard (RFC
    7515, 4.1.11), for which joserfc does not even check that it is a list."""

    def check_header(self, header: dict[str, Any]) -> None:
        if "crit" in header:
            raise UnsupportedHeaderError
        super().check_header(header)


_REGISTRY: Final = PlainRegistry(algorithms=ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a verified token speaks for. `expires_at` is in seconds since 1970."""

    user_id: int
    session_id: str
    role: str
    expires_at: int

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


class TokenSigner:
    """Signs access tokens with one private key, given as PEM or as a key of joserfc."""

    def __init__(
        self,
        kid: str,
        private_key: str | bytes | RSAKey,
        *,
        issuer: str = "softfactory",
        audience: str = "softfactory-api",
        lifetime: timedelta = ACCESS_LIFETIME,
    ) -> None:
        key = private_key if isinstance(private_key, RSAKey) else rsa_key(private_key)
        if not key.is_private:
            raise ValueError("signing needs a private key")
        self.kid = kid
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._lifetime = int(lifetime.total_seconds())

    def sign(
        self,
        *,
        user_id: int,
        session_id: str,
        role: str,
        lifetime: int | None = None,
        now: int | None = None,
    ) -> str:
        """A token good for `lifetime` seconds (default: the signer's) from `now` (since 1970; default: the clock's)."""
        issued = int(time.time()) if now is None else now
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(user_id),
            "sid": session_id,
            "role": role,
            "iat": issued,
            "exp": issued + (self._lifetime if lifetime is None else lifetime),
        }
        header = {"alg": "RS256", "kid": self.kid}
        return jwt.encode(header, claims, self._key, algorithms=ALGORITHMS)


class TokenVerifier:
    """Checks access tokens. Verified ones are remembered; their expiry and session are checked every time."""

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str = "softfactory",
        audience: str = "softfactory-api",
        revoked: RevokedSessions | None = None,
        remember: int = 8192,
    ) -> None:
        self.ring = KeyRing(keys)
        self._issuer = issuer
        self._audience = audience
        self._revoked = revoked
        self._remember = remember
        self._verified: OrderedDict[str, Principal] = OrderedDict()
        self._generation = 0

    async def verify(self, token: str) -> Principal:
        """The user whom the token stands for.

        Raises InvalidToken for any token that is not accepted, KeysUnavailable while no key is known at all.
        """
        if self._generation != self.ring.generation:
            self._verified.clear()
            self._generation = self.ring.generation
        principal = self._verified.get(token)
        if principal is None:
            principal = await self._verify_afresh(token)
            self._keep(token, principal)
        if principal.expires_at + LEEWAY_SECONDS <= time.time():
            self._verified.pop(token, None)
            raise InvalidToken
        if self._revoked is not None and principal.session_id in self._revoked:
            raise InvalidToken
        return principal

    async def close(self) -> None:
        await self.ring.close()

    async def _verify_afresh(self, token: str) -> Principal:
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidToken
        try:
            key = await self.ring.find(_key_id(token))
            if key is None:
                raise InvalidToken
            claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=_REGISTRY).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidToken from error
        return self._principal(claims)

    def _principal(self, claims: dict[str, Any]) -> Principal:
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise InvalidToken
        expires_at = _checked_expiry(claims, time.time())
        session, role = claims.get("sid"), claims.get("role")
        if not (isinstance(session, str) and 0 < len(session) <= 128 and isinstance(role, str)):
            raise InvalidToken
        return Principal(_user_id(claims.get("sub")), session, role, expires_at)

    def _keep(self, token: str, principal: Principal) -> None:
        self._verified[token] = principal
        if len(self._verified) > self._remember:
            self._verified.popitem(last=False)


def _key_id(token: str) -> str:
    """The `kid` of a token whose header says RS256; nothing of the token is trusted yet."""
    header = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
    kid = header.get("kid")
    if header.get("alg") != "RS256" or not isinstance(kid, str) or not kid:
        raise InvalidToken
    return kid


def _checked_expiry(claims: dict[str, Any], now: float) -> int:
    issued, expires = _moment(claims.get("iat")), _moment(claims.get("exp"))
    starts = max(issued, _moment(claims.get("nbf", 0)))
    if starts > now + LEEWAY_SECONDS or expires <= issued or expires + LEEWAY_SECONDS <= now:
        raise InvalidToken
    return expires


def _moment(value: object) -> int:
    """Seconds since 1970, whole; a bool is an int, and no moment."""
    if type(value) is not int or value < 0:
        raise InvalidToken
    return value


def _user_id(subject: object) -> int:
    if not (isinstance(subject, str) and len(subject) <= 19 and subject.isascii() and subject.isdigit()):
        raise InvalidToken
    user_id = int(subject)
    if not 1 <= user_id <= _MAX_ID:
        raise InvalidToken
    return user_id
