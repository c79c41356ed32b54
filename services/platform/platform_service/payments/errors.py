"""What can go wrong at a checkout."""

from __future__ import annotations

from shared.errors import NotFound, Unprocessable


class UnknownProduct(NotFound):
    """There is no product with this id."""

    code = "unknown_product"


class UnknownCheckout(NotFound):
    """There is no checkout with this id."""

    code = "unknown_checkout"


class UnknownEvent(NotFound):
    """There is no unhandled event with this id."""

    code = "unknown_event"


class PriceNotChargeable(Unprocessable):
    """The price of this product cannot be charged. Please tell us."""

    code = "price_not_chargeable"


class PlanNotOffered(Unprocessable):
    """This product has no annual plan."""

    code = "plan_not_offered"
