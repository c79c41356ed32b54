"""What sns' endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from shared.auth.dependencies import requires_subscription
from shared.auth.tokens import Principal
from shared.encryption import Cipher
from shared.idempotency.idempotent import IdempotentWork, idempotency_of
from sns_service.tables import IdempotencyRecord

PREFIX = "/api/sns"
ALIAS = "/api/sns-auto"
"""Answers alike; some clients call it so."""
PRODUCT = "sns-auto"

Subscriber = Annotated[Principal, Depends(requires_subscription(PRODUCT))]
"""A user who has subscribed to SNS Auto."""


async def get_cipher(request: Request) -> Cipher:
    """What encrypts credentials."""
    return cast("Cipher", request.app.state.cipher)


CipherDep = Annotated[Cipher, Depends(get_cipher)]

Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(IdempotencyRecord))]
"""Does an endpoint's work once for each Idempotency-Key."""
