"""What coocook tells of chefs."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class ChefRated(Event):
    """A review came in; `rating` is the chef's average with it."""

    type: ClassVar[str] = "chef.rated"

    chef_id: int
    rating: float
    rating_count: int
