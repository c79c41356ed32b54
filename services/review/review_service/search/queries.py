"""The statements of searches.

Campaigns are looked at a generation at a time, the youngest first, until there are enough candidates: a term that
every third campaign has costs no more than one that nobody uses. Only then are they ranked.
"""

from __future__ import annotations

from typing import Final

CANDIDATES: Final = 1000
"""So many of the newest campaigns that match are ranked."""

# Left out of a term's posting list is whatever another generation has: the index skips over it.
_MATCHES: Final = """
    SELECT d.campaign_id, d.title_terms FROM search_documents AS d {join}
    WHERE d.{column} @@ (CAST(:every AS tsquery) && CAST('''#g' || generation || '''' AS tsquery))
        AND d.deadline > now() AND d.campaign_id <= :newest {conditions}
    ORDER BY d.campaign_id DESC LIMIT :candidates
"""
_CANDIDATES: Final = """
    SELECT matches.* FROM generate_series(CAST(:generation AS bigint), 0, -1) AS generation,
    LATERAL ({matches}) AS matches LIMIT :candidates
"""
_RANKED: Final = """
    WITH candidates AS ({candidates}), ranked AS (
        SELECT campaign_id,
            CAST(ts_rank(title_terms, CAST(:some AS tsquery)) * 1000000 AS integer) AS rank
        FROM candidates
    ), page AS (
        SELECT * FROM ranked WHERE (rank, campaign_id) < (CAST(:rank AS bigint), CAST(:before AS bigint))
        ORDER BY rank DESC, campaign_id DESC LIMIT :limit
    )
    SELECT c.id, c.title, c.product_name, c.description, c.category, c.reward_type, c.reward_value,
        c.max_reviewers, c.applications_count, c.deadline, c.created_at, page.rank,
        (SELECT count(*) FROM candidates) AS total
    FROM page JOIN campaigns AS c ON c.id = page.campaign_id ORDER BY page.rank DESC, page.campaign_id DESC
"""
NEWEST: Final = "SELECT coalesce(max(campaign_id), 0) FROM search_documents"
NEIGHBOURS: Final = """
    SELECT DISTINCT typed, word FROM unnest(CAST(:typed AS text[]), CAST(:spellings AS text[])) AS t (typed, spelling)
    JOIN search_spellings USING (spelling)
"""
KNOWN: Final = "SELECT word FROM search_words WHERE word = ANY(CAST(:words AS text[]))"
_TEXT: Final = "c.title || E'\\n' || c.product_name || E'\\n' || coalesce(c.description, '')"


def ranked(*, whole: int, deadline_from: bool, deadline_to: bool) -> str:
    """A page of a search. `whole`: how many runs (:whole0, ...) must be in the text in one piece."""
    conditions = [f"AND strpos({_TEXT}, :whole{number}) > 0" for number in range(whole)]
    conditions += ["AND d.deadline >= :deadline_from"] if deadline_from else []
    conditions += ["AND d.deadline <= :deadline_to"] if deadline_to else []
    join = "JOIN campaigns AS c ON c.id = d.campaign_id" if whole else ""
    matches = _MATCHES.format(column="terms", join=join, conditions=" ".join(conditions))
    return _RANKED.format(candidates=_CANDIDATES.format(matches=matches))


_SUGGESTED: Final = _CANDIDATES.format(matches=_MATCHES.format(column="title_terms", join="", conditions=""))
SUGGEST: Final = f"""
    SELECT c.product_name, count(*) AS campaigns FROM ({_SUGGESTED}) AS candidates
    JOIN campaigns AS c ON c.id = candidates.campaign_id
    GROUP BY c.product_name ORDER BY count(*) DESC, max(c.id) DESC LIMIT :limit
"""  # noqa: S608 - of constants
STARTING: Final = (
    "SELECT word FROM search_words WHERE word LIKE :start ORDER BY length(word), word LIMIT :limit"
)
