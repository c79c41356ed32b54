"""Tokens between services: HS256, a secret per calling service, for one target and one purpose, good for a minute."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shared.auth.errors import InvalidToken
from shared.auth.tokens import PlainRegistry

ALGORITHMS: Final = ["HS256"]
LIFETIME_SECONDS: Final = 60
LEEWAY_SECONDS: Final = 5
MIN_SECRET_CHARACTERS: Final = 32
MAX_ID_CHARACTERS: Final = 64
_REGISTRY: Final = PlainRegistry(algorithms=ALGORITHMS)


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """The content of a verified token: the caller, the purpose and the token's id; the last two are "" if the token has
    none.

    `expires_at` is in seconds since 1970.
    """

    caller: str
    scope: str
    id: str
    expires_at: int


def issue_service_token(*, caller: str, target: str, secret: str, scope: str, now: int | None = None) -> str:
    """A token with which the service `caller` may ask the service `target` for `scope`, for a minute."""
    issued = int(time.time()) if now is None else now
    claims = {
        "iss": caller,
        "aud": target,
        "scope": scope,
        "jti": uuid.uuid4().hex,
        "iat": issued,
        "exp": issued + LIFETIME_SECONDS,
    }
    return jwt.encode(
        {"alg": "HS256", "kid": caller}, claims, OctKey.import_key(secret), algorithms=ALGORITHMS
    )


class ServiceTokenVerifier:
    """Checks the tokens of the services that may call `target`. `secrets`: caller's name -> its secret."""

    def __init__(self, target: str, secrets: Mapping[str, str]) -> None:
        short = [name for name, secret in secrets.items() if len(secret) < MIN_SECRET_CHARACTERS]
        if short:
            raise ValueError(
                f"secrets shorter than {MIN_SECRET_CHARACTERS} characters: {', '.join(sorted(short))}"
            )
        self._target = target
        self._keys = {name: OctKey.import_key(secret) for name, secret in secrets.items()}

    def verify(self, token: str) -> ServiceToken:
        """What the token says. Raises InvalidToken."""
        try:
            kid = jws.extract_compact(token.encode(), registry=_REGISTRY).headers().get("kid")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise InvalidToken
            claims = jwt.decode(token, key, algorithms=ALGORITHMS, registry=_REGISTRY).claims
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidToken from error
        self._check(claims, kid, time.time())
        scope, id_ = claims.get("scope", ""), claims.get("jti", "")
        if not (isinstance(scope, str) and isinstance(id_, str) and len(id_) <= MAX_ID_CHARACTERS):
            raise InvalidToken
        return ServiceToken(str(kid), scope, id_, claims["exp"])

    def _check(self, claims: dict[str, Any], caller: object, now: float) -> None:
        issued, expires = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(expires) is not int:
            raise InvalidToken
        fresh = issued <= now + LEEWAY_SECONDS and now < expires + LEEWAY_SECONDS
        short_lived = 0 < expires - issued <= LIFETIME_SECONDS
        if not (fresh and short_lived and claims.get("iss") == caller and claims.get("aud") == self._target):
            raise InvalidToken
