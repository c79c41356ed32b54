"""Commands to look after a service: jobs that failed for good, and the copy of platform's entitlements."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import httpx

from shared.auth.entitlements import Entitlements
from shared.cli.listing import write_list
from shared.jobs.held_jobs import list_held_jobs, requeue
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command, ServiceDefinition


def jobs_command(_definition: ServiceDefinition) -> Command:
    """The command, the same for every service."""
    return Command(
        "jobs", "list the jobs that failed for good, or try them again", _run_jobs_command, _configure_jobs
    )


def _configure_jobs(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="held|requeue", required=True)
    listing = actions.add_parser("held", help="list held jobs, one line of JSON each, latest first")
    listing.add_argument("--limit", type=int, default=100, help="the maximum number (default: 100)")
    again = actions.add_parser("requeue", help="retry held jobs")
    again.add_argument("ids", type=int, nargs="*", metavar="ID", help="which ones")
    again.add_argument("--all", action="store_true", help="all of them")


async def _run_jobs_command(arguments: argparse.Namespace, runtime: Runtime) -> int:
    if arguments.action == "held":
        async with runtime.database.session() as session:
            jobs = await list_held_jobs(session, limit=arguments.limit)
        write_list((dumps(job).decode() for job in jobs), none="No held jobs.")
        return 0
    if bool(arguments.ids) == arguments.all:
        sys.stderr.write("give the jobs' ids, or --all\n")
        return 2
    async with runtime.database.session() as session:
        requeued = await requeue(session, None if arguments.all else arguments.ids)
    sys.stdout.write(f"queued again: {', '.join(map(str, requeued)) or 'none'}\n")
    return 0 if arguments.all or len(requeued) == len(set(arguments.ids)) else 1


def entitlements_command(entitlements_of: Callable[[Runtime], Entitlements]) -> Command:
    """`entitlements rebuild` of a service's command line."""

    async def rebuild(_arguments: argparse.Namespace, runtime: Runtime) -> int:
        try:
            changed = await entitlements_of(runtime).rebuild()
        except httpx.HTTPError as error:
            sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
            return 1
        sys.stdout.write(f"{changed} entitlements were added or updated from platform.\n")
        return 0

    return Command(
        "entitlements",
        "rebuild the copy of platform's entitlements",
        rebuild,
        configure=_configure_entitlements,
    )


def _configure_entitlements(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch every entitlement from platform again")
