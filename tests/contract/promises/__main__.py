"""`python -m tests.contract.promises check|write`: do APIs and events still serve yesterday's consumers?

The snapshots in docs/api are what consumers know. `check` compares the code with them, and with those of another
commit; `write` makes them anew and refuses to where that would break somebody.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from stack.services import NAMES
from tests.contract.promises.snapshots import (
    ACCEPTED,
    DIRECTORY,
    ROOT,
    Promise,
    accepted,
    breaks,
    promised,
    read,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 if something breaks or is out of date; 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.promises", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="check|write")
    check = commands.add_parser("check", help="compare the code with the snapshots")
    check.add_argument("--base", metavar="COMMIT", help="also with that commit's, such as origin/main")
    write = commands.add_parser("write", help="write the snapshots")
    for part in (check, write):
        part.add_argument("--directory", type=Path, default=ROOT / DIRECTORY, help="where they are")
        part.add_argument("--service", choices=NAMES, help="only this one's")
    options = parser.parse_args(arguments)
    promises = [promised(service) for service in ([options.service] if options.service else NAMES)]
    known = [*committed(options.directory, promises)]
    if options.command == "check" and options.base:
        known += of_commit(options.base, promises)
    broken = unaccepted(options.directory, promises, known)
    if broken:
        return _refuse(broken)
    if options.command == "write":
        return _write(options.directory, promises)
    stale = [p.file for p in promises if _text(options.directory / p.file) != p.text()]
    if stale:
        print(f"{DIRECTORY}/{', '.join(stale)}: out of date; `make snapshots` writes what the code says")
        return 1
    print(f"{', '.join(promise.service for promise in promises)}: what was promised is kept")
    return 0


def committed(directory: Path, promises: Sequence[Promise]) -> Iterator[Promise]:
    """The snapshots that there are."""
    for promise in promises:
        text = _text(directory / promise.file)
        if text is not None:
            yield read(promise.service, text)


def of_commit(commit: str, promises: Sequence[Promise]) -> Iterator[Promise]:
    """Those of another commit. Raises SystemExit(2) if git does not know it."""
    git = ("git", "-C", str(ROOT))
    if subprocess.run([*git, "cat-file", "-e", f"{commit}^{{commit}}"], check=False).returncode:
        raise SystemExit(2)
    for promise in promises:
        command = [*git, "show", f"{commit}:{DIRECTORY}/{promise.file}"]
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
        if shown.returncode == 0:  # else the service is newer than the commit
            yield read(promise.service, shown.stdout)


def unaccepted(directory: Path, promises: Sequence[Promise], known: Sequence[Promise]) -> list[str]:
    """What breaks for those who know `known`, and nobody has answered for."""
    now = {promise.service: promise for promise in promises}
    found = {sentence for old in known for sentence in breaks(old, now[old.service])}
    return sorted(found - accepted(directory))


def _refuse(broken: Sequence[str]) -> int:
    print("This breaks consumers that know the last snapshots:")
    print("".join(f"  {sentence}\n" for sentence in broken), end="")
    print(
        "Keep the old beside the new until nobody needs it (docs/how-to/change-an-api.md). Where nobody does,"
    )
    print(f"write the line, and ` # why`, into {DIRECTORY}/{ACCEPTED}.")
    return 1


def _write(directory: Path, promises: Sequence[Promise]) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    for promise in promises:
        (directory / promise.file).write_text(promise.text(), encoding="utf-8")
    print(f"{DIRECTORY}: {', '.join(promise.file for promise in promises)}")
    return 0


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
