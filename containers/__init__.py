"""Images and containers: what makes the services' images, and runs them here, also where no registry can be reached.

`python -m containers` says what there is; docs/how-to/containers.md is the long form.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".run" / "containers"
"""What may be made again at any time: the engine's data, the base image, passwords of the local composition."""
