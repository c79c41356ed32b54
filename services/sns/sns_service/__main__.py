"""`python -m sns_service api|worker|migrate|seed|...`."""

from __future__ import annotations

import sys

from shared.cli import main
from sns_service.definition import definition

if __name__ == "__main__":
    sys.exit(main(definition))
