"""Answering a customer's question from what the business knows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ai_service.scenarios.kinds.kind import Given, Kind, Line, Result
from shared.schemas.text import Text


class CustomerServiceInput(Given):
    """A question, and the facts that an answer may rest on."""

    question: Annotated[str, Text(1, 4000)]
    customer: Line | None = None
    facts: Annotated[list[Annotated[str, Text(1, 2000)]], Field(max_length=20, default_factory=list)]


class CustomerServiceOutput(Result):
    """The answer. `resolved` False means that somebody has to follow up, as `next_step` says."""

    answer: Annotated[str, Text(1, 6000)]
    resolved: bool
    sentiment: Literal["positive", "neutral", "negative"]
    next_step: Annotated[str, Text(0, 1000)]


def _offline(given: CustomerServiceInput) -> CustomerServiceOutput:
    return CustomerServiceOutput(
        answer=given.facts[0]
        if given.facts
        else "Thank you for asking. A colleague will answer you shortly.",
        resolved=bool(given.facts),
        sentiment="neutral",
        next_step="" if given.facts else "Answer the customer.",
    )


CUSTOMER_SERVICE = Kind(
    name="customer_service",
    instructions=(
        "You answer customers' questions for a business, in the language of the question. Rest the answer on the facts"
        " of the input alone; where they do not suffice, say that somebody will get in touch, set resolved to false,"
        " and say in next_step what is to be done. Judge the customer's mood by the question."
    ),
    input=CustomerServiceInput,
    output=CustomerServiceOutput,
    max_output_tokens=2000,
    hours=1,
    offline=_offline,
)
