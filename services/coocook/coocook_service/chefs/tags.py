"""What cached answers about chefs depend on."""

from __future__ import annotations

ALL_CHEFS = "chefs"
"""Every list of chefs."""


def chef_tag(chef_id: int) -> str:
    """One chef's page and reviews."""
    return f"chef:{chef_id}"
