"""What coocook's processes are told by their environment."""

from __future__ import annotations

from shared.settings import PaymentSettings


class CoocookSettings(PaymentSettings):
    """The common settings, and where payments go."""
