"""What the tests of adapters give them."""

from __future__ import annotations

from typing import Any

from sns_service.networks.network import Publication

CREDENTIALS = {"access_token": "t", "user_id": "u1", "username": "kim", "application_password": "p"}


def work(url: str, template: str, *media: str, **more: Any) -> Publication:
    """A post on its way, with media of the fake networks' by their names."""
    addresses = [f"{url}/media/{name}" for name in media]
    return Publication("sf-1", "Hello", template, addresses, more.pop("credentials", CREDENTIALS), **more)
