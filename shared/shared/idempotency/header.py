"""The request header Idempotency-Key."""

from typing import Annotated

from fastapi import Depends, Header

from shared.idempotency.errors import InvalidIdempotencyKey
from shared.schemas.types import AsSent

MAX_LENGTH = 255


async def idempotency_key(
    value: Annotated[
        str | None, AsSent(), Header(alias="Idempotency-Key", description="Makes a repetition safe.")
    ] = None,
) -> str | None:
    """The key, where the client sends one. Raises InvalidIdempotencyKey."""
    if value is not None and not (0 < len(value) <= MAX_LENGTH and value.isascii() and value.isprintable()):
        raise InvalidIdempotencyKey
    return value


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]
