"""What every service has in common."""

from __future__ import annotations

import sys

# redis-py loads OpenTelemetry's metrics wherever they are installed, for figures nobody here wants: 0.15 s and 9 MB
# in every process. Importing what is None is an ImportError, from which redis-py gathers that they are not installed.
sys.modules.setdefault("opentelemetry.sdk.metrics", None)  # type: ignore[arg-type]
