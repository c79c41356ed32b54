"""The rules that kong.yml has to keep: above all those mistakes that Kong itself accepts without a word."""

from __future__ import annotations

from gateway.rules import keys, limits, paths, plugins, routes, upstreams
from gateway.rules.registry import RULES, Finding, Gateway

__all__ = [
    "RULES",
    "Finding",
    "Gateway",
    "keys",
    "limits",
    "paths",
    "plugins",
    "routes",
    "upstreams",
]
