"""The kinds of work that write to people: answers to e-mails, posts for social networks, answers to customers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ai_service.scenarios.kinds.kind import Given, Kind, Line, Result, Unfit, Words
from shared.schemas.text import Text
from shared.schemas.types import PlainNumber


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


def _reply_offline(given: EmailInput) -> EmailOutput:
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
    offline=_reply_offline,
)


class SocialInput(Given):
    """What to write about, and for whom."""

    topic: Annotated[str, Text(1, 2000)]
    platform: Literal["instagram", "blog", "tiktok", "youtube_shorts"] = "instagram"
    audience: Line | None = None
    language: Annotated[str, Text(2, 30)] = "Korean"
    posts: Annotated[int, Field(ge=1, le=5), PlainNumber] = 1


class Post(Result):
    """One post, without its hashtags in the text."""

    text: Annotated[str, Text(1, 4000)]
    hashtags: Annotated[list[Annotated[str, Text(1, 50)]], Field(max_length=15)]


class SocialOutput(Result):
    """As many posts as were asked for."""

    posts: Annotated[list[Post], Field(min_length=1, max_length=5)]


def _post_offline(given: SocialInput) -> SocialOutput:
    tag = "".join(character for character in given.topic if character.isalnum())[:30] or "news"
    return SocialOutput(
        posts=[
            Post(text=f"{given.topic} ({number}/{given.posts})", hashtags=[tag])
            for number in range(1, given.posts + 1)
        ]
    )


def _check_posts(given: SocialInput, result: SocialOutput) -> None:
    if len(result.posts) != given.posts:
        raise Unfit(f"posts: {given.posts} were requested, not {len(result.posts)}")


SOCIAL = Kind(
    name="social",
    instructions=(
        "You write posts for social networks. Write exactly as many posts as the input asks for, in its language, for"
        " its platform and audience, each different from the others. Hashtags go into their own field, without the #."
        " Claim nothing about the product that the topic does not say."
    ),
    input=SocialInput,
    output=SocialOutput,
    max_output_tokens=4000,
    hours=2,
    offline=_post_offline,
    check=_check_posts,
)


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


def _answer_offline(given: CustomerServiceInput) -> CustomerServiceOutput:
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
    offline=_answer_offline,
)
