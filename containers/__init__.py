"""Images and containers: what makes the services' images, and runs them here, also where no registry can be reached.

`python -m containers` says what there is; docs/how-to/containers.md is the long form.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "containers"
"""The engine's data, the base image, wheels, the composition's passwords. Not in .run, which `make clean` drops while
the engine may run."""
