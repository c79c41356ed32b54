"""What clients send and read about reviews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from shared.schemas.text import Text
from shared.schemas.types import PlainNumber, Request


class NewReview(Request):
    """A customer's review; 5 is the best rating."""

    rating: Annotated[int, Field(ge=1, le=5), PlainNumber]
    comment: Annotated[str, Text(0, 2000)]


class ReviewAdded(BaseModel):
    """The review and the chef's new rating."""

    message: str
    review_id: int
    chef_rating: float
    rating_count: int


class ReviewCard(BaseModel):
    """One customer's review. `counts`: whether it is their newest review of this chef, which the average includes."""

    id: int
    user_id: int
    rating: int
    comment: str
    created_at: datetime
    counts: bool


class ChefReviews(BaseModel):
    """A chef's reviews, newest first. `total_reviews` are those that the average is made of, one of each customer.

    Without any the average is what the chef's `rating` says then: 5.
    """

    chef_id: int
    chef_name: str
    average_rating: float
    total_reviews: int
    reviews: list[ReviewCard]
    next_cursor: str | None
