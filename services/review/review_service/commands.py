"""review's own commands: rebuilding the copy of users, and an operator's decision about suspicious crawls."""

from __future__ import annotations

import argparse
import sys

import httpx

from review_service import users
from review_service.account_deletion import erase_user
from review_service.crawls import suspicion
from review_service.crawls.errors import NotSuspicious
from review_service.resources import SERVICE
from shared.auth.platform_client import PlatformClient
from shared.cli.listing import write_list
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command


def _configure_users(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch all users from platform again")


async def _rebuild_users(_arguments: argparse.Namespace, runtime: Runtime) -> int:
    try:
        changed, gone = await users.rebuild(
            runtime.database, PlatformClient.of(runtime.http, runtime.settings, service=SERVICE)
        )
    except httpx.HTTPError as error:
        sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
        return 1
    async with runtime.database.session() as session:
        await erase_user(session, cache=runtime.cache, user_ids=gone)
    sys.stdout.write(f"{changed} users were added or updated from platform, and {len(gone)} were removed.\n")
    return 0


USERS = Command("users", "rebuild the copy of platform's users", _rebuild_users, configure=_configure_users)


def _configure_crawls(parser: argparse.ArgumentParser) -> None:
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    steps.add_parser("suspicious", help="list the crawls that await a decision, one line of JSON each")
    for name, text in (
        ("confirm", "the listings have really gone from the site: retire them"),
        ("dismiss", "the site was read wrongly: keep its listings; the next crawl asks again if it must"),
    ):
        steps.add_parser(name, help=text).add_argument("id", type=int, metavar="CRAWL")


async def _run_crawls(arguments: argparse.Namespace, runtime: Runtime) -> int:
    """1 if the crawl is not, or no longer, suspicious."""
    if arguments.step == "suspicious":
        async with runtime.database.session() as session:
            crawls = [dumps(crawl).decode() for crawl in await suspicion.undecided(session)]
        write_list(crawls, none="No suspicious crawls.")
        return 0
    try:
        done = await _decide(arguments, runtime)
    except NotSuspicious as error:
        sys.stderr.write(f"crawl {arguments.id}: {error}\n")
        return 1
    sys.stdout.write(f"crawl {arguments.id}: {done}\n")
    return 0


async def _decide(arguments: argparse.Namespace, runtime: Runtime) -> str:
    async with runtime.database.session() as session:
        if arguments.step == "confirm":
            retired = await suspicion.confirm(session, runtime.cache, crawl_id=arguments.id)
            return f"{retired} listings are retired"
        await suspicion.dismiss(session, runtime.cache, crawl_id=arguments.id)
    return "its site's listings stay"


CRAWLS = Command(
    "crawls",
    "decide about crawls that lost most of a site's listings",
    _run_crawls,
    configure=_configure_crawls,
)
