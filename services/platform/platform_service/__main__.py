"""`python -m platform_service api|worker|migrate|seed|keys|...`"""

from __future__ import annotations

import sys

from platform_service.seed import SeedRefused
from shared.start import start

try:
    sys.exit(start("platform_service.definition"))
except SeedRefused as refused:
    sys.exit(f"seed: {refused}")
