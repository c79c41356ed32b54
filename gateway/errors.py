"""What can be wrong with the gateway's configuration or with a command about it."""

from __future__ import annotations


class GatewayError(Exception):
    """The gateway's configuration cannot be used. The message says where and why; it is meant for people."""


class InvalidConfiguration(GatewayError):
    """kong.yml breaks at least one rule; the message lists every finding."""


class NotSupported(GatewayError):
    """Valid for Kong, but the local gateway does not know it, so it refuses it by name instead of ignoring it."""
