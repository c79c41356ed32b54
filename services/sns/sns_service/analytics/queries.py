"""What became of a user's published posts: sums over their rows, by the bare driver."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from shared.db.database import Database
from shared.schemas.dates import utcnow
from sns_service.accounts.models import AS_LINKED
from sns_service.analytics.schemas import Analytics, DaySum, PlatformSum

DAYS: Final = 30
ENGAGEMENT = "p.likes + p.comments + p.shares"
BY_PLATFORM = f"""
    SELECT {AS_LINKED} AS platform, count(*) AS posts, coalesce(sum({ENGAGEMENT}), 0)::bigint AS engagement
    FROM posts AS p JOIN accounts AS a ON a.id = p.account_id
    WHERE p.user_id = $1 AND p.status = 'published' GROUP BY 1 ORDER BY 1
"""  # noqa: S608 - of constants
BY_DAY = f"""
    SELECT (p.published_at AT TIME ZONE 'UTC')::date AS day, count(*) AS posts,
        coalesce(sum({ENGAGEMENT}), 0)::bigint AS engagement
    FROM posts AS p WHERE p.user_id = $1 AND p.status = 'published' AND p.published_at >= $2 GROUP BY 1
"""  # noqa: S608 - of constants


async def summary(database: Database, *, user_id: int) -> Analytics:
    """Sums, by network, and by day of the last thirty in UTC, today among them; zeros where there is nothing."""
    today = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=DAYS - 1)
    async with database.read_raw() as connection:
        platforms = [PlatformSum(**row) for row in await connection.fetch(BY_PLATFORM, user_id)]
        days = {row["day"]: DaySum(**row) for row in await connection.fetch(BY_DAY, user_id, since)}
    posts, engagement = sum(one.posts for one in platforms), sum(one.engagement for one in platforms)
    dates = [since.date() + timedelta(days=number) for number in range(DAYS)]
    return Analytics(
        total_posts=posts,
        total_engagement=engagement,
        average_engagement=Decimal(str(round(engagement / posts, 2))) if posts else Decimal(0),
        platform_breakdown=platforms,
        trend_30days=[days.get(date) or DaySum(day=date, posts=0, engagement=0) for date in dates],
    )
