"""A checkout that is asked for twice with the same Idempotency-Key is made once."""

from __future__ import annotations

import hashlib
import secrets

from platform_service.payments.checkout import check_out as make_checkout
from platform_service.payments.rules import PlanType
from platform_service.resources import Resources
from platform_service.tables import IdempotencyRecord
from shared.idempotency import Answer, claim, complete, release
from shared.schemas.json import JSONBytes

OPERATION = "checkout"


async def check_out(
    resources: Resources, *, user_id: int, product_id: int, plan_type: PlanType, key: str | None
) -> JSONBytes:
    """The answer of `POST /checkout`. Raises what the checkout does, and IdempotencyKeyReused, RequestInProgress."""
    database = resources.runtime.database
    claimed = await claim(
        database,
        IdempotencyRecord,
        key=key,
        user_id=user_id,
        operation=OPERATION,
        request={"product_id": product_id, "plan_type": plan_type},
    )
    if isinstance(claimed, Answer):
        return JSONBytes(claimed.body, claimed.status)
    try:
        url = await make_checkout(
            resources,
            user_id=user_id,
            product_id=product_id,
            plan_type=plan_type,
            idempotency_key=_provider_key(user_id, key),
        )
    except BaseException:
        async with database.session() as session:
            await release(session, claimed)
        raise
    async with database.session() as session:
        answer = await complete(session, claimed, status=200, body={"checkout_url": url})
    return JSONBytes(answer.body, answer.status)


def _provider_key(user_id: int, key: str | None) -> str:
    """The provider's own key: so a process that died after the page was made leads to the same page again."""
    if key is None:
        return f"checkout:{secrets.token_hex(16)}"
    return f"checkout:{user_id}:{hashlib.sha256(key.encode()).hexdigest()}"
