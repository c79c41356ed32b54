"""`python -m sns_service posts failed|retry`: looking after posts that failed."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from sqlalchemy import select

from shared.cli.listing import write_list
from shared.db.database import Database
from shared.errors import ServiceError
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command
from sns_service.accounts.models import Account
from sns_service.posts.errors import NEXT_STEPS, OUTCOME_UNKNOWN, OutcomeUnknown, PostNotFound
from sns_service.posts.models import Post
from sns_service.posts.service import retry

CODES: Final = tuple(sorted(NEXT_STEPS))


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="failed|retry", required=True)
    listing = actions.add_parser("failed", help="list failed posts, one line of JSON each, latest first")
    listing.add_argument("--limit", type=int, default=100, help="the maximum number (default: 100)")
    listing.add_argument("--code", choices=CODES, metavar="CODE", help=f"only those: {', '.join(CODES)}")
    again = actions.add_parser("retry", help="retry failed posts")
    again.add_argument("ids", type=int, nargs="*", metavar="ID", help="which ones")
    again.add_argument(
        "--all", action="store_true", help="all except those that the network may already have"
    )
    again.add_argument(
        "--code", choices=CODES, metavar="CODE", help="with --all: only those with this failure code"
    )
    again.add_argument("--confirm", action="store_true", help="also those that the network may already have")


async def _run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    if arguments.action == "failed":
        return await _list(arguments, runtime.database)
    if bool(arguments.ids) == arguments.all:
        sys.stderr.write("give the posts' ids, or --all\n")
        return 2
    ids = arguments.ids or await _retryable(arguments, runtime.database)
    refused = [
        post_id for post_id in ids if not await _retry(runtime.database, post_id, confirm=arguments.confirm)
    ]
    sys.stdout.write(f"being published again: {len(ids) - len(refused)}\n")
    return 1 if refused else 0


async def _list(arguments: argparse.Namespace, database: Database) -> int:
    query = (
        select(
            Post.id,
            Post.user_id,
            Account.platform,
            Account.account_name,
            Post.tries,
            Post.failure_code,
            Post.failure,
            Post.attempted_at,
        )
        .join(Account, Account.id == Post.account_id)
        .where(Post.status == "failed")
        .order_by(Post.id.desc())
        .limit(arguments.limit)
    )
    if arguments.code:
        query = query.where(Post.failure_code == arguments.code)
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(query)).mappings().all()
    write_list((dumps(dict(row)).decode() for row in rows), none="No failed posts.")
    return 0


async def _retryable(arguments: argparse.Namespace, database: Database) -> list[int]:
    query = select(Post.id).where(Post.status == "failed").order_by(Post.id)
    if arguments.code:
        query = query.where(Post.failure_code == arguments.code)
    if not arguments.confirm:
        query = query.where(Post.failure_code != OUTCOME_UNKNOWN)
    async with database.read(fresh=True) as connection:
        return list((await connection.execute(query)).scalars())


async def _retry(database: Database, post_id: int, *, confirm: bool) -> bool:
    try:
        async with database.session() as session:
            await retry(session, post_id=post_id, user_id=None, confirm=confirm)
    except PostNotFound:
        sys.stderr.write(f"{post_id}: there is no post with this id\n")
        return False
    except OutcomeUnknown:
        sys.stderr.write(f"{post_id}: the network may already have this post; --confirm sends it again\n")
        return False
    except ServiceError as error:
        sys.stderr.write(f"{post_id}: {error.message}\n")
        return False
    return True


posts_command = Command("posts", "list the posts that failed, or retry them", _run, _configure)
