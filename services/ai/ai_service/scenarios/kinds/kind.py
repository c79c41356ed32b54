"""What a kind of work is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from ai_service.providers.provider import estimate_tokens
from shared.schemas.text import Text
from shared.schemas.types import StrictRequest

OVERHEAD_TOKENS: Final = 600
"""For the instructions and the output's schema."""

Line = Annotated[str, Text(1, 300)]
Words = Annotated[str, Text(1, 8000)]


class Given(StrictRequest):
    """Base of what a run is given."""


class Result(BaseModel):
    """Base of what a run makes. Every field is required and none may be added: providers insist on it."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Unfit(Exception):
    """The output has the right schema but contradicts the input; the message says how."""


I = TypeVar("I", bound=Given)  # noqa: E741 - input
O = TypeVar("O", bound=Result)  # noqa: E741 - output


def agrees(_given: Any, _result: Any) -> None:
    """Any output of the right shape will do."""


@dataclass(frozen=True)
class Kind(Generic[I, O]):
    """One kind of work: what it is given, what it makes, and how a model is told to make it."""

    name: str
    instructions: str
    """The system prompt; nothing that a user wrote ever gets into it."""
    input: type[I]
    output: type[O]
    max_output_tokens: int
    hours: int
    """Saved by one run, where no scenario in the database says otherwise."""
    offline: Callable[[I], O]
    """What the local provider answers: of the right shape, made from the input without thinking."""
    check: Callable[[I, O], None] = agrees
    """Raises Unfit."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The output's JSON schema."""
        schema: dict[str, Any] = self.output.model_json_schema()
        return schema

    def tokens_for(self, given: str) -> int:
        """How many a run may need that is given this, with what its owner wishes."""
        return OVERHEAD_TOKENS + estimate_tokens(given) + self.max_output_tokens
