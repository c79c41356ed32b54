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
    """Only who booked may review."""


class AlreadyReviewed(Conflict):
    """You have reviewed this booking already."""
