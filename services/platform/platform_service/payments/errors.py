"""What can go wrong at a checkout."""

from shared.errors import NotFound, Unprocessable


class UnknownProduct(NotFound):
    """There is no such product."""

    code = "unknown_product"


class UnknownCheckout(NotFound):
    """There is no such checkout."""

    code = "unknown_checkout"


class UnknownEvent(NotFound):
    """There is no such event among those that wait."""

    code = "unknown_event"


class PriceNotChargeable(Unprocessable):
    """The price of this product cannot be charged. Please tell us."""

    code = "price_not_chargeable"


class PlanNotOffered(Unprocessable):
    """This product is not offered by the year."""

    code = "plan_not_offered"
