"""Jobs: posts published by one worker process, beside pgqueuer with an empty handler.

`python -m tests.load.jobs [--posts 20000]` starts a PostgreSQL of its own and prints the rows of the table.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import asyncpg
import httpx
import uvloop
from cryptography.fernet import Fernet
from pgqueuer import AsyncpgDriver, Job, PgQueuer
from pgqueuer.domain.types import QueueExecutionMode

from fakes.networks.client import settings_of
from shared.db.database import Database
from shared.db.engine import WORKER_SETTINGS
from shared.db.migrate import upgrade
from shared.jobs import Jobs
from shared.jobs.worker import drain
from shared.process import collect_garbage_less_often
from shared.runtime import Runtime
from sns_service.definition import definition
from sns_service.networks.network import Adapter, Metrics, Publication, Published
from sns_service.networks.registry import adapters_with
from sns_service.networks.transport import connect
from sns_service.posts.orders import JOB
from sns_service.settings import SnsSettings
from sns_service.worker import build_jobs
from testing.local_servers.postgres import PostgresServer, ensure_database
from testing.local_servers.process import free_port
from tests.load.compare import Row, markdown
from tests.load.rig import ROOT

POSTS: Final = 10_000
NETWORK_SECONDS: Final = 0.05
AT_A_TIME: Final = 400
USER: Final = 1

_ACCOUNTS = """
    INSERT INTO accounts (user_id, platform, account_name)
    SELECT $1, 'blog', 'bench ' || n FROM generate_series(1, 100) n
"""
_POSTS = """
    INSERT INTO posts (user_id, account_id, content, template_type, status, ticket)
    SELECT $1, 1 + n % 100, 'Post ' || n, 'blog_post', 'publishing', 1 FROM generate_series(1, $2) n
"""
_JOBS = """
    INSERT INTO pgqueuer (priority, status, entrypoint, payload, dedupe_key)
    SELECT 0, 'queued', $1, convert_to(json_build_object('post_id', id, 'ticket', 1)::text, 'utf8'),
        'post:' || id || ':1'
    FROM posts WHERE status = 'publishing'
"""


class Awaited:
    """A network that takes a while, and nothing else: what it costs to wait, without what it costs to speak HTTP."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def publish(self, work: Publication) -> Published:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return Published(work.token)

    async def find(self, work: Publication) -> Published | None:
        return None

    async def measure(self, credentials: Mapping[str, str], network_id: str) -> Metrics | None:
        return None


async def fill(database: Database, posts: int, name: str = JOB) -> None:
    """So many posts that are due, with their jobs."""
    async with database.read_raw() as connection:
        await connection.execute("TRUNCATE posts, accounts, pgqueuer, pgqueuer_log, outbox RESTART IDENTITY")
        await connection.execute(_ACCOUNTS, USER)
        await connection.execute(_POSTS, USER, posts)
        await connection.execute(_JOBS, name)
        await connection.execute("VACUUM ANALYZE posts")
        await connection.execute("VACUUM ANALYZE pgqueuer")


async def empty_handler(url: str) -> None:
    """pgqueuer as it comes."""
    connection = await asyncpg.connect(url)
    queue = PgQueuer(AsyncpgDriver(connection))

    @queue.entrypoint(JOB)
    async def nothing(_job: Job) -> None:
        pass

    await queue.qm.run(
        batch_size=AT_A_TIME // 2, max_concurrent_tasks=AT_A_TIME, mode=QueueExecutionMode.drain
    )
    await connection.close()


async def nothing(database: Database) -> None:
    """A job of ours that does nothing: what its trace, its time limit and its retries cost."""
    jobs = Jobs(at_a_time=AT_A_TIME)

    @jobs.task(JOB)
    async def idle(_runtime: Runtime, _payload: dict[str, Any]) -> None:
        pass

    await drain(jobs, cast("Any", SimpleNamespace(database=database)))


async def publish(database: Database, network: Adapter, **settings: Any) -> None:
    """What sns' worker does with due posts."""
    runtime: Any = SimpleNamespace(
        database=database,
        settings=SnsSettings(
            environment="test",
            database_url=database.url,
            redis_url="redis://127.0.0.1",
            port=1,
            worker_port=1,
            platform_url="http://127.0.0.1",
            service_secret="bench",
            credential_keys=Fernet.generate_key().decode(),
            network_rates={},
            publish_at_a_time=AT_A_TIME,
            **settings,
        ),
    )
    await drain(build_jobs(runtime, {"blog": network}), runtime)
    async with database.read_raw() as connection:
        left = await connection.fetchval("SELECT count(*) FROM posts WHERE status <> 'published'")
    if left:
        raise RuntimeError(f"{left} posts were not published")


async def over_http(database: Database, url: str) -> None:
    """The same through the real adapter, to the fake WordPress."""
    async with connect(timeout=20, at_a_time=AT_A_TIME, guarded=False) as http:
        settings: Any = SimpleNamespace(**settings_of(url), is_production=False)
        await publish(database, adapters_with(http, settings)["blog"])


async def measure(posts: int, runs: int) -> dict[str, float]:
    """Jobs a second, the median of the runs, which take turns."""
    with tempfile.TemporaryDirectory(prefix="softfactory-jobs-") as directory, ExitStack() as servers:
        postgres = PostgresServer(Path(directory) / "postgres", free_port(), "load")
        postgres.initialise()
        servers.callback(postgres.start(log=Path(directory) / "postgres.log").stop, signal.SIGINT)
        await ensure_database(postgres.url(), database="sns", role="sns", password="load")
        url = f"postgresql://sns:load@{postgres.url().split('@')[1].rpartition('/')[0]}/sns"
        await upgrade(url, definition.migrations, say=lambda _: None)
        database = Database(url, server_settings=WORKER_SETTINGS)
        try:
            with_http = await _fake_network(servers)
            measures: dict[str, Callable[[], Awaitable[None]]] = {
                "empty": lambda: empty_handler(url),
                "nothing": lambda: nothing(database),
                "at once": lambda: publish(database, Awaited(0)),
                "50 ms": lambda: publish(database, Awaited(NETWORK_SECONDS)),
                "http": lambda: over_http(database, with_http),
            }
            return await _in_turns(measures, database, posts, runs)
        finally:
            await database.close()


async def _in_turns(
    measures: Mapping[str, Callable[[], Awaitable[None]]], database: Database, posts: int, runs: int
) -> dict[str, float]:
    collect_garbage_less_often()  # as every worker process does
    rates: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(runs + 1):
        for name, work in measures.items():
            await fill(database, posts if turn else posts // 10)
            started = time.perf_counter()
            await work()
            if turn:  # the first one warms up
                rates[name].append(posts / (time.perf_counter() - started))
    return {name: statistics.median(found) for name, found in rates.items()}


async def _fake_network(servers: ExitStack) -> str:
    port = free_port()
    command = [sys.executable, "-m", "fakes.networks", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)  # noqa: ASYNC220 - which does not wait for it
    servers.callback(process.wait)
    servers.callback(process.terminate)
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient() as http:
        for _ in range(100):
            try:
                await http.post(f"{url}/_fake/settings", json={"before": NETWORK_SECONDS})
                return url
            except httpx.TransportError:
                await asyncio.sleep(0.05)
    raise RuntimeError("the fake network did not start")


def rows_of(figures: Mapping[str, float]) -> list[Row]:
    """The lines of the benchmarks' table."""
    beside = f"{figures['empty']:,.0f}/s pgqueuer with an empty handler"

    def row(what: str, name: str, reach: str) -> Row:
        share = figures[name] / figures["empty"]
        return Row(what, f"{figures[name]:,.0f}/s", f"{beside} ({share:.0%})", reach)

    return [
        row("jobs of ours that do nothing, one worker", "nothing", ""),
        row("posts published, one worker, a network that answers at once", "at once", "8,000/s"),
        row("posts published, one worker, a network that takes 50 ms", "50 ms", "2,000/s"),
        row("the same over HTTP to a fake WordPress on these cores", "http", ""),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.jobs", description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS, help=f"posts a run (default: {POSTS})")
    parser.add_argument("--runs", type=int, default=3, help="runs of which the median counts (default: 3)")
    given = parser.parse_args()
    print(markdown(rows_of(uvloop.run(measure(given.posts, given.runs)))))


if __name__ == "__main__":
    main()
