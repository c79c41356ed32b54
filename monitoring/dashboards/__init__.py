"""Grafana's dashboards, written in Python: `python -m monitoring.dashboards` writes their JSON into generated/.

Of this package only that command and the tests import Grafana's SDK, which no production image has.
"""

from __future__ import annotations

from pathlib import Path

GENERATED = Path(__file__).resolve().parent / "generated"
