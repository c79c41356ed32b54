"""What a browser does on the payment provider's checkout page: read the form, press the button, follow on."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

SHOWS_PAGES = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class FormReader(HTMLParser):
    """Collects every form of a page: its action, and the fields that pressing its first button would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
            self._pressed = False
        elif tag in {"input", "button"} and self.forms and values.get("name"):
            if tag == "button":
                if self._pressed:
                    return
                self._pressed = True
            self.forms[-1][1][values["name"]] = values.get("value", "")


async def leave_checkout_page(url: str) -> httpx.Response:
    """Open the checkout page at `url`, press Cancel, return the page it leads to."""
    async with httpx.AsyncClient(follow_redirects=True, timeout=10, headers=SHOWS_PAGES) as browser:
        (await browser.get(url)).raise_for_status()
        return await browser.post(url, data={"action": "cancel"})


async def pay_on_checkout_page(url: str) -> httpx.Response:
    """Open the checkout page at `url`, pay with the card it suggests, return the page it leads to."""
    async with httpx.AsyncClient(follow_redirects=True, timeout=10) as browser:
        page = await browser.get(url)
        page.raise_for_status()
        reader = FormReader()
        reader.feed(page.text)
        action, fields = reader.forms[0]
        return await browser.post(urljoin(str(page.url), action), data=fields)
