"""What ai's endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from ai_service.tables import IdempotencyRecord
from shared.auth.dependencies import requires_subscription
from shared.auth.tokens import Principal
from shared.idempotency.idempotent import IdempotentWork, idempotency_of

AUTOMATION: Final = "/api/ai-automation"
BOOTCAMP: Final = "/api/webapp-builder"

Subscriber = Annotated[Principal, Depends(requires_subscription("ai-automation"))]
"""A user who has subscribed to AI employees."""
Student = Annotated[Principal, Depends(requires_subscription("webapp-builder"))]
"""A user who has subscribed to the bootcamp."""

PUBLIC_SECONDS: Final = 5
"""How long a browser or a CDN may keep what anybody reads; afterwards the ETag saves the bytes."""

Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(IdempotencyRecord))]
"""Does an endpoint's work once for each Idempotency-Key."""
