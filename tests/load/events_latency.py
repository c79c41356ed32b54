"""How long an event takes from the publisher's commit to the other service's commit.

`python -m tests.load.events_latency [--rate 500] [--seconds 10]` starts its own servers, a relay and a consumer in
processes of their own, publishes steadily, and prints a table row; `--json` prints the figures instead.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, ClassVar

import uvloop
from redis.asyncio import Redis
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped

from shared.db.base import TYPES, BigId, metadata
from shared.db.database import Database
from shared.db.transactions import after_commit
from shared.events.consumer import Consumer
from shared.events.delivery import Delivery
from shared.events.event import Envelope, Event
from shared.events.outbox import publish
from shared.events.relay import Relay
from shared.events.tables import InboxMixin, OutboxMixin
from testing.local_servers.postgres import PostgresServer, ensure_database
from testing.local_servers.process import free_port
from testing.local_servers.valkey import ValkeyServer
from tests.load.compare import Row, markdown

WARM_UP_SECONDS = 2
WARM_UP = 10_000_000
"""Where the numbers of the warm-up begin, which counts for nothing."""
KEYS = 1000
REACH_MS = 100


class Base(DeclarativeBase):
    metadata = metadata()
    type_annotation_map = TYPES


class Outbox(OutboxMixin, Base):
    """The publisher's."""


class Inbox(InboxMixin, Base):
    """The consumer's."""


class Effect(Base):
    """What each side's transaction writes besides the event."""

    __tablename__ = "effects"

    id: Mapped[BigId]
    number: Mapped[int]


class Counted(Event):
    """An event that says which one it is."""

    type: ClassVar[str] = "load.counted"

    number: int


async def relay(database_url: str, redis_url: str) -> dict[int, float]:
    """The publisher's worker, until SIGTERM."""
    await Relay("teller", database_url, Redis.from_url(redis_url)).run(_until_told())
    return {}


async def consume(database_url: str, redis_url: str) -> dict[int, float]:
    """The other service's worker, until SIGTERM: when which event's effect was committed."""
    database, committed = Database(database_url), dict[int, float]()
    consumer = Consumer("listener", inbox=Inbox)

    @consumer.on(Counted, source="teller")
    async def handle(session: AsyncSession, event: Counted, _: Envelope) -> None:
        await session.execute(insert(Effect).values(number=event.number))
        after_commit(session, lambda: note(event.number))

    async def note(number: int) -> None:
        committed[number] = time.time()

    await Delivery(consumer, database, Redis.from_url(redis_url)).run(_until_told())
    await database.close()
    return committed


def _until_told() -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


async def tell(database_url: str, *, rate: int, seconds: float, first: int = 0) -> dict[int, float]:
    """Publish `rate` events a second, each in a transaction that writes a row: when which was committed."""
    database, committed = Database(database_url, pool_size=10, max_overflow=10), dict[int, float]()

    async def one(number: int) -> None:
        async with database.session() as session:
            await session.execute(insert(Effect).values(number=number))
            await publish(session, Outbox, Counted(number=number), key=str(number % KEYS))
        committed[number] = time.time()

    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
            group.create_task(one(first + number))
    await database.close()
    return committed


async def measure(rate: int, seconds: float) -> dict[str, float]:
    """The figures, in milliseconds and events a second. Raises RuntimeError when an event got lost."""
    with tempfile.TemporaryDirectory(prefix="softfactory-load-") as directory, ExitStack() as servers:
        admin_url, redis_url = start_servers(Path(directory), servers)
        urls = {name: await _database(admin_url, name) for name in ("teller", "listener")}
        async with AsyncExitStack() as workers:
            running = [
                await _worker(workers, "relay", urls["teller"], redis_url),
                await _worker(workers, "consume", urls["listener"], redis_url),
            ]
            await tell(urls["teller"], rate=rate, seconds=WARM_UP_SECONDS, first=WARM_UP)
            sent = await tell(urls["teller"], rate=rate, seconds=seconds)
            await asyncio.sleep(1)
            _, arrived = [await _finish(worker) for worker in running]
    return _figures(sent, arrived)


def start_servers(directory: Path, servers: ExitStack) -> tuple[str, str]:
    """PostgreSQL as the stack runs it, waiting for the disk at each commit; and an empty Valkey."""
    postgres = PostgresServer(directory / "postgres", free_port(), "load")
    postgres.initialise()
    servers.callback(postgres.start(log=directory / "postgres.log").stop, signal.SIGINT)
    valkey = ValkeyServer(directory / "valkey", free_port(), durable=True)
    valkey.initialise()
    servers.callback(valkey.start(log=directory / "valkey.log").stop)
    return postgres.url(), valkey.url()


async def _database(admin_url: str, name: str) -> str:
    await ensure_database(admin_url, database=name, role=name, password="load")
    url = f"postgresql://{name}:load@{admin_url.split('@')[1].rpartition('/')[0]}/{name}"
    database = Database(url)
    async with database.primary.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.close()
    return url


async def _worker(stack: AsyncExitStack, *arguments: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.events_latency", "--worker", *arguments,
        stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip

    async def end() -> None:
        if process.returncode is None:
            process.kill()
            await process.wait()

    stack.push_async_callback(end)
    return process


async def _finish(process: asyncio.subprocess.Process) -> dict[str, float]:
    process.terminate()
    output, _ = await process.communicate()
    found: dict[str, float] = json.loads(output)
    return found


def _figures(sent: dict[int, float], arrived: dict[str, float]) -> dict[str, float]:
    lost = [number for number in sent if str(number) not in arrived]
    if lost:
        raise RuntimeError(f"{len(lost)} of {len(sent)} events did not arrive in time")
    delays = sorted((arrived[str(number)] - moment) * 1000 for number, moment in sent.items())
    span = max(sent.values()) - min(sent.values())
    return {
        "events_per_second": round(len(sent) / span, 1),
        "p50_ms": round(statistics.median(delays), 1),
        "p99_ms": round(delays[int(len(delays) * 0.99)], 1),
        "max_ms": round(delays[-1], 1),
    }


def row(figures: dict[str, float]) -> Row:
    """The line of the benchmarks' table."""
    measured = (
        f"p99 {figures['p99_ms']} ms, p50 {figures['p50_ms']} ms at {figures['events_per_second']:.0f}/s"
    )
    return Row(
        "event from commit to the other service's commit", measured, "", f"p99 under {REACH_MS} ms at 500/s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.load.events_latency", description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="events a second (default: 500)")
    parser.add_argument("--seconds", type=float, default=10, help="how long (default: 10)")
    parser.add_argument("--json", action="store_true", help="print figures instead of a table")
    parser.add_argument("--worker", nargs=3, metavar=("WHAT", "DATABASE", "REDIS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if arguments.worker:
            what, *urls = arguments.worker
            work: Any = {"relay": relay, "consume": consume}[what]
            print(json.dumps(runner.run(work(*urls))))
            return
        figures = runner.run(measure(arguments.rate, arguments.seconds))
        print(json.dumps(figures) if arguments.json else markdown([row(figures)]))


if __name__ == "__main__":
    main()
