"""What watches the platform: what Prometheus scrapes, its rules and alerts, and whom Alertmanager tells.

`python -m monitoring` says what there is; monitoring/README.md is the long form.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = Path(__file__).resolve().parent / "rules"
CACHE = ROOT / "build" / "monitoring"
"""Programs that were fetched. Not in .run, which `make clean` drops."""
