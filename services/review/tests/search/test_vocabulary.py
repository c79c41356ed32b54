"""What people write does not decide how many words search knows."""

from __future__ import annotations

import random
import string

import httpx
import pytest
from sqlalchemy import func, select, text

from review_service.campaigns.models import Campaign
from review_service.campaigns.service import close_where
from review_service.schema import SearchSpelling, SearchWord
from review_service.search_index import vocabulary
from services.review.tests.factories import CREATOR, Person, campaign_body, make_campaign, subscribe
from shared.runtime import Runtime
from testing.rollback import TestDatabase

SEARCH = "/api/review/search"


def random_words(length: int) -> str:
    """Text of so many characters, of words that nobody has used."""
    random_ = random.Random(length)  # noqa: S311 - no secret
    words = ["".join(random_.choices(string.ascii_lowercase, k=random_.randint(4, 9))) for _ in range(length)]
    return " ".join(words)[:length]


async def counts(db: TestDatabase) -> tuple[int, int]:
    """Words and spellings."""
    async with db.session() as session:
        words = await session.scalar(select(func.count()).select_from(SearchWord))
        return words or 0, await session.scalar(select(func.count()).select_from(SearchSpelling)) or 0


async def corrections(client: httpx.AsyncClient, q: str) -> dict[str, list[str]]:
    answer = await client.get(SEARCH, params={"q": q})
    found: dict[str, list[str]] = answer.json()["corrections"]
    return found


async def end_all(db: TestDatabase, runtime: Runtime) -> None:
    async with db.session() as session:
        await close_where(session, runtime.cache, Campaign.creator_id == CREATOR)


async def test_25_campaigns_of_random_words_leave_few_spellings_and_none_after_they_end(
    client: httpx.AsyncClient, db: TestDatabase, runtime: Runtime
) -> None:
    await subscribe(db, CREATOR)
    words = random_words(25 * 10_000)
    for number in range(25):
        description = words[number * 10_000 : (number + 1) * 10_000]
        answer = await Person(client, CREATOR).post("/campaigns", campaign_body(description=description))
        assert answer.status_code == 201
    known, spellings = await counts(db)
    assert known == vocabulary.MAX_OF_CREATOR
    assert spellings <= vocabulary.MAX_OF_CREATOR * 10
    await end_all(db, runtime)
    assert await vocabulary.forget_unused(db) == known
    assert await counts(db) == (0, 0)


async def test_words_of_open_campaigns_stay(
    client: httpx.AsyncClient, db: TestDatabase, runtime: Runtime
) -> None:
    await make_campaign(db, title="coffee WH-1000XM5", description="grinder", creator_id=CREATOR + 1)
    await make_campaign(db, title="coffee kettle")
    await end_all(db, runtime)
    assert await vocabulary.forget_unused(db) == len({"kettle"})
    assert await corrections(client, "cofee") == {"cofee": ["coffee"]}
    assert await corrections(client, "ketle") == {}
    async with db.session() as session:
        left = await session.scalars(select(SearchWord.word).order_by(SearchWord.word))
        assert list(left) == ["1000xm5", "coffee", "glow", "grinder", "lab", "wh", "wh1000xm5"]


async def test_a_forgotten_word_is_learned_again(
    client: httpx.AsyncClient, db: TestDatabase, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "AT_A_TIME", 2)
    for _ in range(2):
        await make_campaign(db, title="espresso machine with a grinder")
        assert await corrections(client, "expresso") == {"expresso": ["espresso"]}
        await end_all(db, runtime)
        assert await vocabulary.forget_unused(db) == 7


async def test_the_title_comes_first_where_a_text_has_too_many_words(
    client: httpx.AsyncClient, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "MAX_OF_CAMPAIGN", 2)
    await make_campaign(db, title="Espresso", product_name="Moka", description="kettle")
    assert await corrections(client, "expresso") == {"expresso": ["espresso"]}
    assert await corrections(client, "ketle") == {}
    assert (await client.get(SEARCH, params={"q": "kettle"})).json()["total"] == 1


async def test_one_creator_does_not_use_up_what_others_may_bring(
    client: httpx.AsyncClient, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vocabulary, "MAX_OF_CREATOR", 3)
    await make_campaign(db, title="one two three four")
    await make_campaign(db, title="five", product_name="x")
    await make_campaign(db, title="kettle", product_name="x", creator_id=CREATOR + 1)
    assert await corrections(client, "ketle") == {"ketle": ["kettle"]}
    assert (await counts(db))[0] == 5


async def test_a_full_vocabulary_learns_no_more(
    client: httpx.AsyncClient, db: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_campaign(db, title="kettle", product_name="x")
    async with db.session() as session:
        await session.execute(text("ANALYZE search_words"))
    monkeypatch.setattr(vocabulary, "MAX_WORDS", 2)
    await make_campaign(db, title="espresso", product_name="x")
    assert (await counts(db))[0] == 2
    assert (await client.get(SEARCH, params={"q": "espresso"})).json()["total"] == 1
