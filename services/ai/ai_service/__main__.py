"""`python -m ai_service api|worker|migrate|seed|...`."""

from __future__ import annotations

import sys

from shared.start import start

if __name__ == "__main__":
    sys.exit(start("ai_service.definition"))
