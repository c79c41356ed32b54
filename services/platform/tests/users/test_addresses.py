"""That PostgreSQL folds addresses as Python does, and that accounts from before survive the migration."""

from __future__ import annotations

import sys
import unicodedata
from typing import Any

from sqlalchemy import text

from platform_service.schema import Base
from shared.db import migrate
from shared.db.database import Database
from shared.schemas.emails import fold_address
from shared.service import ServiceDefinition
from testing.rollback import TestDatabase

BEFORE = "20261130120000"
FOLD = text(
    "SELECT array_agg(fold_address(one) ORDER BY number)"
    " FROM unnest(CAST(:all AS text[])) WITH ORDINALITY AS t (one, number)"
)


async def folded_by_postgresql(db: TestDatabase, addresses: list[str]) -> list[str]:
    async with db.read() as connection:
        found: list[str] = (await connection.execute(FOLD, {"all": addresses})).scalar_one()
    return found


async def test_postgresql_folds_every_character_as_python_does(db: TestDatabase) -> None:
    known = [
        chr(code)
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"} and chr(code).strip()
    ]
    assert len(known) > 140_000
    addresses = [f"a{character}b@example.com" for character in known]
    theirs = await folded_by_postgresql(db, addresses)
    ours = [fold_address(address) for address in addresses]
    assert [a for a, one, other in zip(addresses, ours, theirs, strict=True) if one != other] == []


async def test_postgresql_folds_sequences_as_python_does(db: TestDatabase) -> None:
    letters = [
        "I",
        "i",
        "İ",
        "ı",
        "j",
        "A",
        "é",
        "Σ",
        "ς",
        "ß",
        "ẞ",
        "ﬁ",
        "\u1112",
        "\u1161",
        "\u11ab",
        "\u0345",
        "ᾳ",
    ]
    marks = ["\u0307", "\u0301", "\u0323", "\u0345", "\u0300\u0307", "\u0307\u0301", "\u11ab", ""]
    addresses = [f"{a}{m}{b}{n}@example.com" for a in letters for m in marks for b in letters for n in marks]
    theirs = await folded_by_postgresql(db, addresses)
    assert theirs == [fold_address(address) for address in addresses]


async def test_accounts_that_are_twins_survive_the_migration(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE)
    composed, decomposed = "josé@example.com", unicodedata.normalize("NFD", "josé@example.com")
    before = [
        decomposed,
        "other@example.com",
        composed,
        "kim@xn--bcher-kva.de",
        "KIM@bücher.de",
        "a@xn--ls8h.la",
    ]
    async with committed_db.session() as session:
        for email in before:
            await _insert(session, email)
        await _insert(session, "deleted-99@deleted.invalid", deleted_at="now()")
        names = {"decomposed": unicodedata.normalize("NFD", "김철수"), "longer": "\u0958" * 120}
        await session.execute(text("UPDATE users SET name = :decomposed WHERE email LIKE 'other%'"), names)
        await session.execute(text("UPDATE users SET name = :longer WHERE email LIKE 'kim%'"), names)
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    assert await migrate.check(committed_db.url, Base.metadata) == []
    async with committed_db.read(fresh=True) as connection:
        query = text("SELECT email, email_twin FROM users WHERE deleted_at IS NULL ORDER BY id")
        rows = [tuple(row) for row in await connection.execute(query)]
        others = text("SELECT name FROM users WHERE email LIKE 'other%'")
        assert await connection.scalar(others) == "김철수"
    assert rows == [
        (decomposed, 0), ("other@example.com", 0), (composed, 1), ("kim@xn--bcher-kva.de", 0),
        ("KIM@bücher.de", 0), ("a@xn--ls8h.la", 0),
    ]  # fmt: skip


async def test_the_release_before_goes_on_making_accounts(committed_db: Database) -> None:
    async with committed_db.session() as session:
        await _insert(session, "Kim@example.com")
    async with committed_db.read(fresh=True) as connection:
        query = text("SELECT fold_address(email), email_twin FROM users")
        assert [tuple(row) for row in await connection.execute(query)] == [("kim@example.com", 0)]


async def _insert(session: Any, email: str, *, deleted_at: str = "NULL") -> None:
    await session.execute(
        text(
            "INSERT INTO users (email, password_hash, name, deleted_at)"  # noqa: S608 - of this file's own words
            f" VALUES (:email, '!', 'Some Body', {deleted_at})"
        ),
        {"email": email},
    )
