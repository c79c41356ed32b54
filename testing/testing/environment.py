"""What a developer's shell says to services is not meant for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

from shared.settings import ServiceSettings


def forget_settings() -> None:
    """Take every setting of every service that is loaded out of this process's environment."""
    for settings in _kinds(ServiceSettings):
        for name in settings.model_fields:
            os.environ.pop(name.upper(), None)


def _kinds(settings: type[ServiceSettings]) -> Iterator[type[ServiceSettings]]:
    yield settings
    for kind in settings.__subclasses__():
        yield from _kinds(kind)
