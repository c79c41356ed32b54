"""Stripe's bodies: URL-encoded forms whose names are paths, such as `line_items[0][price_data][currency]`."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from fakes.payments.errors import invalid

_NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_STEP: Final = re.compile(r"\[([^\[\]]*)\]")
MAX_DEPTH: Final = 8


def decode(text: str) -> dict[str, Any]:
    """The nested form: dicts, lists and strings. Raises StripeError for a name that is no path."""
    form: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=500):
        match = _NAME.fullmatch(name)
        steps = [match[1], *_STEP.findall(match[2])] if match else []
        if not steps or len(steps) > MAX_DEPTH:
            raise invalid(f"Invalid parameter name: {name}", param=name)
        _put(form, steps, value)
    return {name: _with_lists(value) for name, value in form.items()}


def _put(form: dict[str, Any], steps: list[str], value: str) -> None:
    *path, last = steps
    for step in path:
        form = form.setdefault(step or str(len(form)), {})
        if not isinstance(form, dict):
            raise invalid(f"Invalid parameter: {step} is both a value and an object", param=step)
    form[last or str(len(form))] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_with_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _with_lists(inner) for key, inner in value.items()}
