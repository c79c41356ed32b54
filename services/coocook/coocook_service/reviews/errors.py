"""What can be wrong about a review.

ServiceError
  400 NotCompleted
  403 NotTheCustomer
  409 AlreadyReviewed
"""

from __future__ import annotations

from shared.errors import BadRequest, Conflict, Forbidden


class NotCompleted(BadRequest):
    """Only a completed booking can be reviewed, once it is paid and over."""


class NotTheCustomer(Forbidden):
    """Only the customer who made the booking may review it."""


class AlreadyReviewed(Conflict):
    """You have already reviewed this booking."""
