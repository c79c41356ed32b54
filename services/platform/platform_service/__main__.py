"""`python -m platform_service api|worker|migrate|seed|keys|...`"""

from __future__ import annotations

import sys

from platform_service.definition import definition
from platform_service.seed import SeedRefused
from shared.cli import main

try:
    sys.exit(main(definition))
except SeedRefused as refused:
    sys.exit(f"seed: {refused}")
