"""The commands: python -m containers images|up|down|lock."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from containers import __doc__ as about
from containers.compose import Composition
from containers.engine import ContainerError, engine, find, start, stop
from containers.images import Builder
from containers.wheels import write_lock_files
from stack.services import NAMES


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
        builder = Builder.on(running)
        builder.services(options.service or NAMES)
        if not options.service:
            builder.gateway_config()


def _up(options: argparse.Namespace) -> None:
    composition = Composition(find() or start(), gateway_port=options.gateway_port)
    for name, value in composition.up().items():
        print(f"  {name:<22} {value}")


def _down(options: argparse.Namespace) -> None:
    running = find()
    if running:
        Composition(running).down(volumes=options.volumes == "drop")
        if running.ours:
            stop()


def _lock(_: argparse.Namespace) -> None:
    write_lock_files()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m containers", description=about, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="images|up|down|lock")
    part = commands.add_parser("images", help="build the services' images, and the one that renders kong.yml")
    part.add_argument("service", nargs="*", choices=[*NAMES, []], help="only these")
    part.set_defaults(command=_images)
    part = commands.add_parser("up", help="build everything and start compose.yaml")
    port = int(os.environ.get("GATEWAY_PORT") or 8000)
    part.add_argument("--gateway-port", type=int, default=port, help="the one published port; default: 8000")
    part.set_defaults(command=_up)
    part = commands.add_parser("down", help="stop it, and the engine if it is ours")
    kept = os.environ.get("VOLUMES") or "keep"
    part.add_argument("--volumes", choices=("keep", "drop"), default=kept, help="what becomes of its data")
    part.set_defaults(command=_down)
    part = commands.add_parser("lock", help="resolve each image's lock file within requirements.lock")
    part.set_defaults(command=_lock)
    return parser


if __name__ == "__main__":
    sys.exit(main())
