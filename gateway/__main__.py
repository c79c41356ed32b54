"""The gateway's commands: python -m gateway render|check|compile|run|reload."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway import __doc__ as about
from gateway.check import load
from gateway.compiler import compile_gateway
from gateway.document import read_document, write_atomically
from gateway.errors import GatewayError
from gateway.keys import fetch_keys, read_keys
from gateway.render import Deployment, render
from gateway.run import execute, prepare, reload, validate

COMMITTED = Path(__file__).parent / "kong.yml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0, or 1 with the reason on stderr. Wrong arguments exit with 2 and say what is allowed."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except GatewayError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 1
    return 0


def _render(options: argparse.Namespace) -> None:
    targets: dict[str, list[str]] = {}
    for target in options.target:
        name, _, addresses = target.partition("=")
        targets[name] = [address for address in addresses.split(",") if address]
    deployment = Deployment(
        keys=_keys(options),
        targets=targets,
        redis=options.redis,
        origins=options.origin,
        limit_scale=options.limit_scale,
        closed=options.closed,
        otlp=options.otlp,
        trace_ratio=options.trace_ratio,
    )
    text = render(read_document(options.config).data, deployment)
    if options.output is None:
        print(text, end="")
    else:
        write_atomically(options.output, text)


def _keys(options: argparse.Namespace) -> dict[str, str]:
    if options.jwks:
        return fetch_keys(options.jwks)
    return read_keys(options.keys) if options.keys else {}


def _check(options: argparse.Namespace) -> None:
    load(options.config)
    print(f"{options.config}: every rule holds")


def _compile(options: argparse.Namespace) -> None:
    compiled = compile_gateway(load(options.config), port=options.port, host=options.host)
    validate(options.output, compiled)
    write_atomically(options.output / "clusters.json", compiled.clusters_file())
    write_atomically(options.output / "listener.json", compiled.listener_file())


def _run(options: argparse.Namespace) -> None:
    execute(
        prepare(
            options.config,
            options.state_dir,
            host=options.host,
            port=options.port,
            admin_port=options.admin_port,
        )
    )


def _reload(options: argparse.Namespace) -> None:
    reload(options.config, options.state_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gateway", description=about, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="render|check|compile|run|reload")

    part = commands.add_parser("render", help="fill keys, addresses, Redis and origins into kong.yml")
    _config(part, COMMITTED)
    keys = part.add_mutually_exclusive_group()
    keys.add_argument(
        "--keys", type=Path, help='JSON file {"kid": "PEM"}, from `platform_service keys export`'
    )
    keys.add_argument(
        "--jwks", metavar="URL", help="where platform publishes them: .../.well-known/jwks.json"
    )
    part.add_argument("--closed", action="store_true", help="render without keys: no token passes")
    part.add_argument("--target", action="append", default=[], metavar="SERVICE=HOST:PORT[@WEIGHT][,...]")
    part.add_argument("--redis", metavar="redis://HOST:PORT/DB", help="where all gateways count together")
    part.add_argument("--origin", action="append", default=[], help="browser origin that may call; repeat")
    part.add_argument(
        "--limit-scale", type=float, default=1.0, help="multiplies every limit, for tests and benchmarks"
    )
    part.add_argument(
        "--otlp", metavar="http://HOST:PORT", help="the collector that gets spans; default: none"
    )
    part.add_argument("--trace-ratio", type=float, default=0.01, help="share of the requests that are traced")
    part.add_argument("--output", type=Path, help="file to write (replaced in one step); default: print")
    part.set_defaults(command=_render)

    part = commands.add_parser("check", help="say what is wrong, above all what Kong would accept silently")
    _config(part, COMMITTED)
    part.set_defaults(command=_check)

    part = commands.add_parser("compile", help="write Envoy's files for a rendered file")
    _config(part, None)
    _address(part)
    part.add_argument(
        "--output", type=Path, required=True, help="directory for listener.json and clusters.json"
    )
    part.set_defaults(command=_compile)

    part = commands.add_parser("run", help="run the local gateway in the foreground")
    _config(part, None)
    _address(part)
    part.add_argument(
        "--admin-port", type=_port, help="Envoy's administration on 127.0.0.1; default: a free port"
    )
    part.add_argument(
        "--state-dir", type=Path, default=Path(".run/gateway"), help="directory for Envoy's files"
    )
    part.set_defaults(command=_run)

    part = commands.add_parser("reload", help="make a running gateway serve a newly rendered file")
    _config(part, None)
    part.add_argument(
        "--state-dir", type=Path, default=Path(".run/gateway"), help="the one that `run` was given"
    )
    part.set_defaults(command=_reload)
    return parser


def _config(part: argparse.ArgumentParser, default: Path | None) -> None:
    help_text = "the file to read" + (f"; default: {default.name} beside this program" if default else "")
    part.add_argument("--config", type=Path, default=default, required=default is None, help=help_text)


def _address(part: argparse.ArgumentParser) -> None:
    part.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1")
    part.add_argument("--port", type=_port, default=8000, help="port to listen on; default: 8000")


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 1 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
