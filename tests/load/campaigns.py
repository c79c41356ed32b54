"""Campaigns by the hundred thousand: generated text in Korean and English, and what people would search for in it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

import asyncpg

from review_service.search_index.terms import filter_terms, generation_term, terms_of, vocabulary_of
from review_service.search_index.vocabulary import is_correctable, spellings

CATEGORIES = ("beauty", "food", "tech", "living", "fashion", "pets", "travel", "books")
REWARDS = ("product", "cash", "both")
SYLLABLES = 400
KOREAN_WORDS, ENGLISH_WORDS = 6000, 4000
BATCH = 5000
GIN = ("terms", "title_terms")


class Words:
    """Words as a language has them: a few that every third text uses, and thousands that hardly any does."""

    def __init__(self, words: Sequence[str], chooser: random.Random) -> None:
        self.words = words
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
        self._chooser = chooser

    def draw(self) -> str:
        return self._chooser.choices(self.words, cum_weights=self.weights)[0]


class Texts:
    """Writes campaigns, the same ones each time."""

    def __init__(self) -> None:
        self.chooser = random.Random(20261126)  # noqa: S311 - texts to be repeated, not a secret
        syllables = [chr(0xAC00 + self.chooser.randrange(11_172)) for _ in range(SYLLABLES)]
        letters = "aeiou", "bcdfghklmnprstvw"
        self.korean = Words(
            [self._join(syllables, (2, 2, 2, 3, 4)) for _ in range(KOREAN_WORDS)], self.chooser
        )
        self.english = Words(
            [
                "".join(
                    self.chooser.choice(letters[place % 2]) for place in range(self.chooser.randint(4, 9))
                )
                for _ in range(ENGLISH_WORDS)
            ],
            self.chooser,
        )
        self._both = [*self.korean.words, *self.english.words]
        self._weights = list(_mixed((0.75, self.korean.weights), (0.25, self.english.weights)))

    def _join(self, syllables: Sequence[str], lengths: Sequence[int]) -> str:
        return "".join(self.chooser.choices(syllables, k=self.chooser.choice(lengths)))

    def some(self, count: int) -> str:
        return " ".join(self.chooser.choices(self._both, cum_weights=self._weights, k=count))

    def code(self) -> str:
        return f"{self.english.draw()[:2].upper()}-{self.chooser.randrange(100, 10_000)}"

    def campaign(self) -> tuple[str, str, str, str, str]:
        """Title, product, description, category, reward type."""
        product = f"{self.some(2)} {self.code()}"
        chosen = self.chooser.choice(CATEGORIES), self.chooser.choice(REWARDS)
        return (self.some(5), product, self.some(40), *chosen)

    def queries(self, count: int) -> Iterator[str]:
        """What people type, no two alike: nouns, two words, both languages, codes, misspelt words, a syllable."""
        asked = set[str]()
        while len(asked) < count:
            query = self._query()
            if query not in asked:
                asked.add(query)
                yield query

    def _query(self) -> str:
        korean, english = self.korean.draw(), self.english.draw()
        kinds = (
            korean,
            f"{korean} {self.korean.draw()}",
            f"{korean} {english}",
            english,
            self.code(),
            f"{self._misspelt(english)} {korean}",
            korean[0] + " " + self.korean.draw(),
        )
        return self.chooser.choice(kinds)

    def _misspelt(self, word: str) -> str:
        place = self.chooser.randrange(len(word))
        return word[:place] + word[place + 1 :]


def _mixed(*languages: tuple[float, Sequence[float]]) -> Iterator[float]:
    """One row of growing weights for words of several languages, each with its share."""
    before = 0.0
    for share, weights in languages:
        yield from (before + share * weight / weights[-1] for weight in weights)
        before += share


async def fill(dsn: str, texts: Texts, *, total: int) -> None:
    """Bring the review database at `dsn` to `total` campaigns, all of them open, and its indexes with it."""
    connection = await asyncpg.connect(dsn)
    try:
        there: int = await connection.fetchval("SELECT count(*) FROM campaigns")
        await connection.execute("SET synchronous_commit = off")
        for column in GIN:
            await connection.execute(f"DROP INDEX IF EXISTS ix_search_documents_{column}")
        known = set[str]()
        for start in range(there, total, BATCH):
            await _write(connection, texts, min(BATCH, total - start), known)
        await connection.execute("SET maintenance_work_mem = '256MB'")
        for column in GIN:
            await connection.execute(
                f"CREATE INDEX ix_search_documents_{column} ON search_documents USING gin ({column})"
                " WITH (fastupdate = off)"
            )
        for table in ("campaigns", "search_documents", "search_words", "search_spellings"):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


async def _write(connection: asyncpg.Connection, texts: Texts, count: int, known: set[str]) -> None:
    campaigns = [texts.campaign() for _ in range(count)]
    deadline = datetime.now(UTC) + timedelta(days=60)
    first: int = await connection.fetchval("SELECT coalesce(max(id), 0) + 1 FROM campaigns")
    rows = [
        (first + number, 1, title, product, description, category, reward, "product", 10, deadline)
        for number, (title, product, description, category, reward) in enumerate(campaigns)
    ]
    columns = (
        "id", "creator_id", "title", "product_name", "description", "category", "reward_type", "reward_value",
        "max_reviewers", "deadline",
    )  # fmt: skip
    await connection.copy_records_to_table("campaigns", records=rows, columns=columns)
    await connection.copy_to_table(
        "search_documents",
        source=_documents(first, campaigns, deadline),
        columns=("campaign_id", "deadline", "terms", "title_terms"),
    )
    new = _vocabulary(campaigns) - known
    await _learn(connection, new)
    known |= new
    await connection.execute("SELECT setval(pg_get_serial_sequence('campaigns', 'id'), $1)", first + count)


async def _documents(
    first: int, campaigns: Sequence[tuple[str, str, str, str, str]], deadline: datetime
) -> AsyncIterator[bytes]:
    for number, (title, product, description, category, reward) in enumerate(campaigns):
        title_terms = f"{_terms(title)} {_terms(product)} '{generation_term(first + number)}'"
        filters = " ".join(f"'{term}'" for term in filter_terms(category=category, reward_type=reward))
        vectors = f"{title_terms} {_terms(description)} {filters}", title_terms
        yield "\t".join((str(first + number), deadline.isoformat(), *vectors)).encode() + b"\n"


def _terms(text: str) -> str:
    """`terms_of`, written as a tsvector; a word at a time, since the same words come again and again."""
    return " ".join(map(_terms_of_word, text.split()))


@cache
def _terms_of_word(word: str) -> str:
    return " ".join(f"'{term}'" for term in terms_of(word))


@cache
def _vocabulary_of_word(word: str) -> frozenset[str]:
    return frozenset(vocabulary_of(word))


def _vocabulary(campaigns: Sequence[tuple[str, str, str, str, str]]) -> set[str]:
    written = {word for campaign in campaigns for text in campaign[:3] for word in text.split()}
    return set[str]().union(*map(_vocabulary_of_word, written))


async def _learn(connection: asyncpg.Connection, words: set[str]) -> None:
    await connection.execute(
        "INSERT INTO search_words (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", sorted(words)
    )
    pairs = [(spelling, word) for word in words if is_correctable(word) for spelling in spellings(word)]
    await connection.execute(
        "INSERT INTO search_spellings (spelling, word) SELECT * FROM unnest($1::text[], $2::text[])"
        " ON CONFLICT DO NOTHING",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
