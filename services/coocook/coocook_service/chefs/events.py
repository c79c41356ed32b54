"""What coocook tells of chefs."""

from __future__ import annotations

from typing import ClassVar

from shared.events.event import Event


class ChefRated(Event):
    """A review was written; `rating` is the chef's new average."""

    type: ClassVar[str] = "chef.rated"

    chef_id: int
    rating: float
    rating_count: int
