"""A fingerprint of source files: `up` restarts a process whose code has changed, and leaves the others alone."""

import hashlib
from functools import cache

from stack.directory import CHECKOUT

SUFFIXES = {".py", ".lua", ".sql"}


@cache
def fingerprint(*folders: str) -> str:
    """Of every source file below these folders of the checkout, and of the locked dependencies of what runs."""
    digest = hashlib.sha256((CHECKOUT / "stack" / "requirements.lock").read_bytes())
    for folder in folders:
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "tests" not in path.parts:
                digest.update(str(path.relative_to(CHECKOUT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
