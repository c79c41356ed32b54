"""The checkout page: plain HTML, without scripts, usable with a keyboard and a screen reader."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any, Final

from fakes.payments.objects import DECLINED_CARD, FAILS_LATER_CARD, GOOD_CARD
from shared.schemas.money import from_minor_units

BILLING: Final = "/web/platform/billing.html"
"""Where the web app has its billing page; here is the one that stands in for it where no web app runs."""
_OUTCOMES: Final = {
    "success": "The payment succeeded, and the subscription is active.",
    "canceled": "The checkout was left without paying.",
    "pending": "The payment is not completed yet.",
    "expired": "The checkout has expired; nothing was paid.",
    "duplicate": "There was a subscription already; the second payment is given back.",
}
_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
       background: #fff }
.banner { background: #7a4100; color: #fff; padding: .5rem 1rem; border-radius: .25rem }
.error { border-left: .3rem solid #b00020; padding: .5rem 1rem; color: #8a0018 }
label { display: block; margin-top: 1rem } input { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box }
button { font: inherit; padding: .6rem 1.2rem; margin: 1.2rem .5rem 0 0; cursor: pointer }
"""


def checkout(session: dict[str, Any], *, error: str | None = None) -> str:
    """The form of an open session; `error` says why the last try failed."""
    line = session["sandbox_line"]
    price = line["price_data"]
    problem = f'<p class="error" role="alert" id="problem">{escape(error)}</p>' if error else ""
    described = "problem cards" if error else "cards"
    return _page(
        "Checkout",
        f"""
<h1>Subscribe to {escape(price["product_data"]["name"])}</h1>
<p><strong>{escape(_amount(session["amount_total"], price["currency"]))}</strong> a {price["recurring"]["interval"]}</p>
{problem}
<form method="post" autocomplete="off">
  <label for="card">Card number</label>
  <input id="card" name="card" inputmode="numeric" value="{GOOD_CARD}" maxlength="23" aria-describedby="{described}">
  <p id="cards">{GOOD_CARD} is accepted, {DECLINED_CARD} is declined, {FAILS_LATER_CARD} is accepted here and declined
  when it is charged later. No other card works; do not enter a real one.</p>
  <button type="submit" name="action" value="pay">Pay</button>
  <button type="submit" name="action" value="cancel">Cancel</button>
</form>""",
    )


def invoice(thing: dict[str, Any]) -> str:
    """An invoice with a button to pay it, or what has become of it."""
    amount = escape(_amount(thing["amount_due"], thing["currency"]))
    if thing["status"] != "open":
        return message("Invoice", f"This invoice over {amount} is {thing['status']}.")
    return _page(
        "Invoice",
        f"""
<h1>Pay your invoice</h1>
<p><strong>{amount}</strong> are due, and are paid with {GOOD_CARD}.</p>
<form method="post"><button type="submit">Pay</button></form>""",
    )


def message(title: str, text: str, *, link: str | None = None) -> str:
    """A page that only says something."""
    back = f'<p><a href="{escape(link)}">Back to the shop</a></p>' if link else ""
    return _page(title, f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{back}")


def billing(checkout: str) -> str:
    """What the app's billing page would be told."""
    text = _OUTCOMES.get(checkout, "Nothing is known of the checkout.")
    return message(
        "Billing", f"{text} This page stands in for the web app's, which is told checkout={checkout}."
    )


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - payment SANDBOX</title><style>{_STYLE}</style></head>
<body><p class="banner"><strong>SANDBOX</strong> - a stand-in for the payment provider. No money moves.</p>
<main>{content}</main></body>
</html>
"""


def _amount(minor: int, currency: str) -> str:
    amount: Decimal = from_minor_units(minor, currency.upper()).amount
    return f"{amount:,} {currency.upper()}"
