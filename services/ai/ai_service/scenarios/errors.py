"""What can be wrong about a scenario.

ServiceError
  404 ScenarioNotFound
"""

from __future__ import annotations

from shared.errors import NotFound


class ScenarioNotFound(NotFound):
    """There is no scenario with this id."""
