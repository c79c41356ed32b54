"""What can go wrong, each with a message for the person at the terminal."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked; the message says why. Exit code 1."""


class WrongArgument(StackError):
    """An argument is not one of those allowed; the message lists them. Exit code 2."""


class PartFailed(StackError):
    """A part did not start; the message carries the end of its log."""
