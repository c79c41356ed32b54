"""What creators read of their campaigns: from the primary, for they look for what they have just written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.db.database import Database
from shared.schemas.keyset import split_page
from shared.schemas.types import MAX_ID

# Written out, for the bare driver, as for every list of one user. $2 is the id before which the page starts.
OF_CREATOR = """
    SELECT id, title, product_name, category, max_reviewers, applications_count, places_taken,
        places_taken AS current_reviewers, deadline,
        CASE WHEN status = 'active' AND deadline <= now() THEN 'closed' ELSE status END AS status
    FROM campaigns WHERE creator_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""


async def of_creator(
    database: Database, *, user_id: int, limit: int, before: int | None
) -> tuple[Sequence[dict[str, Any]], int | None]:
    """A user's campaigns, newest first, and the id after which the next page starts."""
    found = await database.fetch(OF_CREATOR, user_id, MAX_ID if before is None else before, limit + 1)
    rows, last = split_page([dict(row) for row in found], limit)
    return rows, last["id"] if last else None
