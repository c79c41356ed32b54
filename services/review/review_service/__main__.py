"""`python -m review_service api|worker|migrate|seed|...`."""

from __future__ import annotations

import sys

from review_service.definition import definition
from shared.cli import main

if __name__ == "__main__":
    sys.exit(main(definition))
