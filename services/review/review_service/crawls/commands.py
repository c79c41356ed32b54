"""`python -m review_service crawls ...`: an operator's decision about crawls that lost most of a site's listings."""

from __future__ import annotations

import argparse
import sys

from review_service.crawls import suspicion
from review_service.crawls.errors import NotSuspicious
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """The steps, and what each takes."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("suspicious", help="list the crawls that await a decision, one line of JSON each")
    for name, text in (
        ("confirm", "the listings have really gone from the site: retire them"),
        ("dismiss", "the site was read wrongly: keep its listings; the next crawl asks again if it must"),
    ):
        steps.add_parser(name, help=text).add_argument("id", type=int, metavar="CRAWL")


async def run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """Carry out one step; 1 if the crawl is not, or no longer, suspicious."""
    try:
        async with runtime.database.session() as session:
            if arguments.step == "suspicious":
                lines = [dumps(crawl).decode() for crawl in await suspicion.waiting(session)]
            elif arguments.step == "confirm":
                retired = await suspicion.confirm(session, runtime.cache, crawl_id=arguments.id)
                lines = [f"crawl {arguments.id}: {retired} listings are retired"]
            else:
                await suspicion.dismiss(session, runtime.cache, crawl_id=arguments.id)
                lines = [f"crawl {arguments.id}: its site's listings stay"]
    except NotSuspicious as error:
        sys.stderr.write(f"crawl {arguments.id}: {error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


command = Command(
    "crawls", "decide about crawls that lost most of a site's listings", run, configure=configure
)
