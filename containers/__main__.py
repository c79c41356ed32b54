"""The commands: python -m containers images|up|down|lock."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from containers import __doc__ as about
from containers.engine import engine
from containers.errors import ContainerError
from containers.images import build
from containers.names import services
from containers.requirements import write_lock_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 1 with the reason on stderr."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except ContainerError as error:
        print(f"containers: {error}", file=sys.stderr)
        return 1
    return 0


def _images(options: argparse.Namespace) -> None:
    with engine() as running:
        build(running, options.service or services())


def _lock(_: argparse.Namespace) -> None:
    write_lock_files()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m containers", description=about, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="images|lock")
    part = commands.add_parser("images", help="build the services' images, and the one that renders kong.yml")
    part.add_argument("service", nargs="*", choices=[*services(), []], help="only these")
    part.set_defaults(command=_images)
    part = commands.add_parser("lock", help="resolve each image's lock file within requirements.lock")
    part.set_defaults(command=_lock)
    return parser


if __name__ == "__main__":
    sys.exit(main())
