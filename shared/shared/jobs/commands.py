"""`python -m <name>_service jobs held|requeue`: looking after jobs that failed for good."""

import argparse
import sys

from shared.jobs.held import held, requeue
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command, ServiceDefinition


def jobs_command(_definition: ServiceDefinition) -> Command:
    """The command, the same for every service."""
    return Command("jobs", "list the jobs that failed for good, or try them again", _run, _configure)


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="held|requeue", required=True)
    listing = actions.add_parser("held", help="one line of JSON per held job, the latest first")
    listing.add_argument("--limit", type=int, default=100, help="at most that many (default: 100)")
    again = actions.add_parser("requeue", help="try held jobs again")
    again.add_argument("ids", type=int, nargs="*", metavar="ID", help="which ones")
    again.add_argument("--all", action="store_true", help="all of them")


async def _run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    if arguments.action == "held":
        async with runtime.database.session() as session:
            jobs = await held(session, limit=arguments.limit)
        sys.stdout.writelines(dumps(job).decode() + "\n" for job in jobs)
        return 0
    if bool(arguments.ids) == arguments.all:
        sys.stderr.write("say which jobs: their ids, or --all\n")
        return 2
    async with runtime.database.session() as session:
        requeued = await requeue(session, None if arguments.all else arguments.ids)
    sys.stdout.write(f"queued again: {', '.join(map(str, requeued)) or 'none'}\n")
    return 0 if arguments.all or len(requeued) == len(set(arguments.ids)) else 1
