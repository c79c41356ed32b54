"""Answers that several domains give."""

from __future__ import annotations

from pydantic import BaseModel

from shared.web.answers import ModelAnswer


class Message(BaseModel):
    """A message that confirms the change."""

    message: str


def uncached(answer: BaseModel) -> ModelAnswer:
    """An answer with tokens in it, which no proxy may store."""
    return ModelAnswer(answer, headers={"Cache-Control": "no-store"})
