"""Which service may read what of platform: nobody reads more than it needs.

The tokens that services call with name what they are for. Those for one user's entitlements may be repeated within
their minute: they are asked for before each denial, also while Redis is away, and show again what they showed.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends

from shared.auth.dependencies import ServiceGuard

PRODUCTS: Final[dict[str, tuple[str, ...]]] = {
    "coocook": ("coocook",),
    "sns": ("sns-auto",),
    "review": ("review",),
    "ai": ("ai-automation", "webapp-builder"),
}
"""Of which products each service asks who has subscribed."""
CHARGES: Final = frozenset({"coocook"})
"""Who charges users, and so needs to know as whom the payment provider knows them."""
KNOWS_USERS: Final = frozenset({"review"})
"""Who shows names and addresses of other users."""

EntitlementReader = Annotated[str, Depends(ServiceGuard("entitlements", PRODUCTS))]
EntitlementCopier = Annotated[str, Depends(ServiceGuard("snapshots/entitlements", PRODUCTS, once=True))]
UserCopier = Annotated[str, Depends(ServiceGuard("snapshots/users", KNOWS_USERS, once=True))]
