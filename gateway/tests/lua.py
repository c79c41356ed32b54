"""Runs gateway/lua/*.lua in LuaJIT, as Kong does, with stand-ins for what Kong's sandbox gives them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from lupa.luajit21 import LuaRuntime  # type: ignore[import-untyped]

from gateway.functions import text_of

PARTS = """
local names = {"ipairs", "pairs", "next", "select", "tonumber", "tostring", "type", "unpack", "string", "table"}
local environment = {ngx = ngx, kong = kong}
for _, name in ipairs(names) do environment[name] = _G[name] end
local run = setfenv(assert(loadstring(code)), environment)
local fine, message = pcall(run)
if not fine and not string.find(message, "the request ends here", 1, true) then error(message) end
"""


@dataclass
class Exchange:
    """A request, and its answer; header names in lower case, a header that came twice as a list."""

    headers: dict[str, str | list[str]] = field(default_factory=dict)
    status: int = 200
    source: str = "exit"
    answer_headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    exited: int | None = None

    def run(self, name: str) -> Exchange:
        """The exchange after the function."""
        lua = LuaRuntime(encoding="latin-1", unpack_returned_tuples=True)
        libraries = lua.globals()
        libraries.code = text_of(name)
        libraries.ngx = lua.table_from({"decode_base64": decode, "req": {}, "re": {}}, recursive=True)
        libraries.ngx.req.get_headers = lambda _: lua.table_from(self.headers, recursive=True)
        libraries.ngx.re.find = lambda text, pattern, _: found(text, pattern) and 1
        libraries.ngx.re.match = lambda text, pattern, _: (
            (match := found(text, pattern)) and lua.table_from(match.groups())
        )
        libraries.kong = lua.table_from(self._kong(lua), recursive=True)
        lua.execute(PARTS)
        return self

    def _kong(self, lua: Any) -> dict[str, Any]:
        request = {
            "clear_header": lambda name: self.headers.pop(name.lower(), None),
            "set_header": lambda name, value: self.headers.update({name.lower(): value}),
        }
        response = {
            "exit": lua.eval("function(status) leave(status) error('the request ends here') end"),
            "get_status": lambda: self.status,
            "get_source": lambda: self.source,
            "get_header": lambda name: self.answer_headers.get(name.lower()),
            "set_header": lambda name, value: self.answer_headers.update({name.lower(): value}),
            "clear_header": lambda name: self.answer_headers.pop(name.lower(), None),
            "get_raw_body": lambda: self.body,
            "set_raw_body": lambda body: setattr(self, "body", body),
        }
        lua.globals().leave = lambda status: setattr(self, "exited", status)
        return {"service": {"request": request}, "response": response}


def found(text: str, pattern: str) -> re.Match[str] | None:
    """ngx.re: PCRE's own syntax, of which the functions use what Python knows too."""
    return re.search(pattern, text)


def decode(text: str) -> str | None:
    """ngx.decode_base64: what follows a = is not looked at."""
    signs = text.split("=")[0]
    try:
        return base64.b64decode(signs + "=" * (-len(signs) % 4), validate=True).decode("latin-1")
    except binascii.Error:
        return None
