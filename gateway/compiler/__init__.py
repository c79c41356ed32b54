"""Compiles kong.yml to Envoy's configuration: the same answers, locally, without Docker."""

from __future__ import annotations

from gateway.compiler.resources import Compiled, compile_gateway

__all__ = ["Compiled", "compile_gateway"]
