"""Logs: one JSON object a line on stdout, with the ids of the request, and without secrets.

What belongs to no request, event or job, such as a start, has the trace id of the process, which is in no trace: with
it the lines of one process are found from its start to its end.
"""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.observability import context

# What a LogRecord always has; anything else came in through `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_SECRET_NAME = re.compile(r"password|secret|token|authorization|api_?key|cookie|signature", re.IGNORECASE)
_SECRETS = (
    # atomic: else each eyJ in a long word is read to the word's end, and a text of them takes minutes
    (re.compile(r"(?<![\w-])(?>[\w-]*eyJ[\w-]{5,})\.[\w-]+\.[\w-]*"), "[token]"),
    (re.compile(r"\b([Bb]earer|[Bb]asic)\s+[\w.~+/=-]{6,}"), r"\1 [secret]"),
    (re.compile(r"\b(?:sk|rk|whsec)_(?:(?:live|test)_)?\w{6,}"), "[key]"),
    (re.compile(r"\bsk-[\w-]{6,}"), "[key]"),
    (re.compile(r"(://[^\s:/@]*):[^\s/@]+@"), r"\1:[secret]@"),
    # What PostgreSQL, its driver and Pydantic say of a value that they do not take is the value.
    (re.compile(r"(?m)^((?:[\w.]+: )?DETAIL:).*$"), r"\1 [value]"),
    (
        re.compile(r"(?m)(invalid input (?:for query argument \$\d+|(?:syntax|value) for [\w ]+):).*$"),
        r"\1 [value]",
    ),
    (re.compile(r"input_value=.*?, input_type="), "input_value=[value], input_type="),
    (
        re.compile(
            r"(?i)([\"']?\b\w*(?:password|secret|token|api_?key)[\"']?\s*[=:]\s*)(?!\[)(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)"
        ),
        r"\1[secret]",
    ),
)


def redact(text: str) -> str:
    """`text` with what looks like a password, a token or a key blotted out."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class JsonFormatter(logging.Formatter):
    """Renders a record as one line of JSON; fields given as `extra=` are added, and secrets among them are redacted."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._process = context.start().trace_id

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its newline."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if found := context.current.get():
            line["request_id"], line["trace_id"] = found.request_id, found.trace_id
        else:
            line["trace_id"] = self._process
        line.update(_extra(record))
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return as_line(line)


def as_line(fields: dict[str, Any]) -> str:
    """JSON of whatever a log line holds; never raises for what has no JSON form."""
    try:
        return orjson.dumps(fields, str, orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # such as a lone surrogate, or an integer beyond 64 bits
        return orjson.dumps({name: ascii(value) for name, value in fields.items()}).decode()


def configure(service: str, level: str = "INFO") -> None:
    """Send the whole process's logs to stdout as JSON. Replaces what was configured before."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "asyncio", "pgqueuer", "shared.db.engine"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {
        name: "[secret]" if _SECRET_NAME.search(name) else redact(value) if isinstance(value, str) else value
        for name, value in vars(record).items()
        if name not in _STANDARD
    }
