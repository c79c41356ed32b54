"""`python -m sns_service networks list|pause|resume`: how far each network is, and whether it gets posts at all."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from shared.db.database import Database
from shared.runtime import Runtime
from shared.schemas.json import dumps
from shared.service import Command
from sns_service.networks.registry import NETWORK_NAMES
from sns_service.settings import SnsSettings

MOST_HOURS: Final = 24 * 30
_STATE = text("""
    SELECT network.platform, CASE WHEN rate.next_at > now() + interval '1 minute' THEN rate.next_at END AS paused_until,
        coalesce(under_way.due, 0) AS due, under_way.since, coalesce(under_way.asked_to_wait, 0) AS asked_to_wait,
        (
            SELECT count(*) FROM posts JOIN accounts ON accounts.id = account_id
            WHERE status = 'failed' AND attempted_at > now() - interval '1 day' AND accounts.platform = network.platform
        ) AS failed_in_a_day
    FROM unnest(CAST(:networks AS text[])) AS network(platform)
    LEFT JOIN network_rates AS rate USING (platform)
    LEFT JOIN (
        SELECT accounts.platform, count(*) AS due, min(coalesce(due_at, scheduled_at)) AS since,
            count(*) FILTER (WHERE failure_code IN ('busy', 'working')) AS asked_to_wait
        FROM posts JOIN accounts ON accounts.id = account_id
        WHERE status = 'publishing' OR status = 'scheduled' AND scheduled_at < now() GROUP BY accounts.platform
    ) AS under_way USING (platform)
    ORDER BY network.platform
""")
_PAUSE = text("""
    INSERT INTO network_rates (platform, next_at) VALUES (:network, now() + :length)
    ON CONFLICT (platform) DO UPDATE SET next_at = greatest(network_rates.next_at, excluded.next_at) RETURNING next_at
""")
_RESUME = text("UPDATE network_rates SET next_at = now(), promised_at = now() WHERE platform = :network")


def _configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="list|pause|resume", required=True)
    actions.add_parser(
        "list",
        help="list the networks, one line of JSON each: the posts that are due, and whether it is paused",
    )
    pause = actions.add_parser("pause", help="pause a network; posts that are due wait")
    pause.add_argument("network", choices=NETWORK_NAMES)
    pause.add_argument("--hours", type=_hours, default=1.0, help="the minimum duration in hours (default: 1)")
    resume = actions.add_parser("resume", help="resume a network; its posts start within a minute")
    resume.add_argument("network", choices=NETWORK_NAMES)


def _hours(given: str) -> float:
    hours = float(given)
    if not 0 < hours <= MOST_HOURS:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {MOST_HOURS}")
    return hours


async def _run(arguments: argparse.Namespace, runtime: Runtime) -> int:
    settings: SnsSettings = runtime.settings
    if arguments.action == "list":
        await _list(runtime.database, settings.network_rates)
        return 0
    if arguments.network not in settings.network_rates:
        sys.stderr.write(f"NETWORK_RATES has no rate for {arguments.network}, so it cannot be paused\n")
        return 1
    async with runtime.database.session() as session:
        if arguments.action == "resume":
            await session.execute(_RESUME, {"network": arguments.network})
            sys.stdout.write(f"{arguments.network} is resumed.\n")
            return 0
        length = timedelta(hours=arguments.hours)
        until = (await session.execute(_PAUSE, {"network": arguments.network, "length": length})).scalar_one()
    sys.stdout.write(f"{arguments.network} is paused until {until.isoformat(timespec='seconds')}.\n")
    return 0


async def _list(database: Database, rates: Mapping[str, float]) -> None:
    async with database.read(fresh=True) as connection:
        rows = (await connection.execute(_STATE, {"networks": list(NETWORK_NAMES)})).mappings().all()
    for row in rows:
        rate = rates.get(row["platform"])
        sys.stdout.write(dumps({**row, "per_second": rate}).decode() + "\n")


networks_command = Command(
    "networks", "list the networks and their posts, or pause one of them", _run, _configure
)
