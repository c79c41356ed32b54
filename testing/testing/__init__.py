"""What the services' tests share: servers, databases, clients, tokens. Production code does not import it."""

from __future__ import annotations

from testing.polling import always, eventually

__all__ = ["always", "eventually"]
