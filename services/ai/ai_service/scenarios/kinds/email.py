"""Answering an e-mail."""

from __future__ import annotations

from typing import Annotated, Literal

from ai_service.scenarios.kinds.kind import Given, Kind, Line, Result, Words
from shared.schemas.text import Text


class EmailInput(Given):
    """An e-mail that came in."""

    subject: Line
    body: Words
    sender: Line | None = None
    tone: Literal["friendly", "formal", "brief"] = "friendly"


class EmailOutput(Result):
    """The reply, and what kind of mail it answers."""

    subject: Annotated[str, Text(1, 300)]
    reply: Annotated[str, Text(1, 8000)]
    category: Literal["question", "order", "complaint", "appointment", "other"]
    needs_human: bool


def _offline(given: EmailInput) -> EmailOutput:
    return EmailOutput(
        subject=f"Re: {given.subject}"[:300],
        reply=f"Dear {given.sender or 'customer'},\n\nthank you for your message about {given.subject!r}."
        " We have received it and will come back to you shortly.\n\nKind regards",
        category="question" if "?" in given.body else "other",
        needs_human=True,
    )


EMAIL = Kind(
    name="email",
    instructions=(
        "You answer e-mails for a business. Write a complete reply in the language of the e-mail and in the tone that"
        " the input names. Promise nothing that the input does not say. Set needs_human where a person must decide:"
        " refunds, legal matters, threats, or anything that you cannot know. Put the mail into one category."
    ),
    input=EmailInput,
    output=EmailOutput,
    max_output_tokens=2500,
    hours=1,
    offline=_offline,
)
