"""`python -m platform_service api|worker|migrate|seed|keys|...`"""

from __future__ import annotations

import sys

from platform_service.definition import definition
from shared.cli import main

sys.exit(main(definition))
