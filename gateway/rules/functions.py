"""Rules about Lua."""

import re
from collections.abc import Iterator

from gateway.document import Where
from gateway.functions import IDENTITY, PROBLEM_BODY, PROBLEM_HEADERS, is_known, name_of, text_of
from gateway.plugins import PreFunction
from gateway.rules.registry import Broken, Gateway, rule


def functions(gateway: Gateway) -> Iterator[tuple[Where, str, str]]:
    """Every Lua function: its place, its phase, its text."""
    for where, plugin in gateway.plugins():
        if isinstance(plugin, PreFunction):
            for phase in ("access", "header_filter", "body_filter"):
                for index, text in enumerate(getattr(plugin.config, phase)):
                    yield (*where, "config", phase, index), phase, text


@rule("lua-require")
def lua_require(gateway: Gateway) -> Broken:
    """The sandbox refuses require at run time: the file parses, and then every request answers 500."""
    for where, _, text in functions(gateway):
        for name in ("require", "os", "io", "load", "loadstring", "dofile"):
            if re.search(rf"(?<![\w.:]){name}\s*[.(\[\"']", re.sub(r"--[^\n]*", "", text)):
                yield where, f"{name} is not available to Lua in the gateway"


@rule("lua-unknown")
def lua_unknown(gateway: Gateway) -> Broken:
    """The local gateway runs no Lua: it does itself what the known functions do, so it must know their exact text."""
    for where, _, text in functions(gateway):
        if not is_known(text):
            name = name_of(text)
            said = f"function {name!r} differs from gateway/lua/" if name else "this function is not known"
            yield where, f"{said}; change both, and the compiler with them"


@rule("lua-missing")
def lua_missing(gateway: Gateway) -> Broken:
    """Without them clients could claim an identity, users would share a limit, and errors would have no `error`.

    All three are in pre-function. Kong gathers the plugins that look at an answer as it goes through them: a request
    that ends while its body is read (a broken chunk, too many bytes) had never come to post-function, the last, and its
    error was Kong's own.
    """
    present = {(where[:1] == ("plugins",), phase, text) for where, phase, text in functions(gateway)}
    wanted = ((IDENTITY, "access"), (PROBLEM_HEADERS, "header_filter"), (PROBLEM_BODY, "body_filter"))
    for name, phase in wanted:
        if (True, phase, text_of(name)) not in present:
            yield ("plugins",), f"the global function {name} is missing in phase {phase}"
