"""What review's endpoints ask for, as annotated names that read as English."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from review_service.tables import IdempotencyRecord
from shared.auth.dependencies import SubscriberOrOwnerGuard, requires_subscription
from shared.auth.tokens import Principal
from shared.idempotency.idempotent import IdempotentWork, idempotency_of

PREFIX = "/api/review"
EXPERIENCE = "/api/experience"
PRODUCT = "review"
PUBLIC_SECONDS = 5
"""How long a browser or a CDN may keep what anybody reads; afterwards the ETag saves the bytes."""

Subscriber = Annotated[Principal, Depends(requires_subscription(PRODUCT))]
"""A user who has subscribed to review."""
IS_CREATOR = "SELECT FROM campaigns WHERE creator_id = $1 LIMIT 1"
SubscriberOrCreator = Annotated[Principal, Depends(SubscriberOrOwnerGuard(PRODUCT, owns=IS_CREATOR))]
"""A user who has subscribed to review, or has a campaign, for whose decision applicants wait."""

Idempotent = Annotated[IdempotentWork, Depends(idempotency_of(IdempotencyRecord))]
"""Does an endpoint's work once for each Idempotency-Key."""
