"""What can be wrong about a search.

ServiceError
  422 DeadlinesReversed
"""

from __future__ import annotations

from shared.errors import FieldError, Unprocessable


class DeadlinesReversed(Unprocessable):
    """deadline_to must not be before deadline_from."""

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("deadline_to", self.default_message)])
