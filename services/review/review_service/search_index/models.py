"""What search reads: open campaigns as sets of terms, and the words that misspelt ones are corrected to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base


class SearchDocument(Base):
    """An open campaign's terms, beside the campaign so that an application to it leaves the index alone.

    `terms` has those of every text and the terms of its filters and generation (see `terms.py`), `title_terms` those of
    the title and the product's name, which ranking reads: it is small enough to lie in the row itself.
    """

    __tablename__ = "search_documents"
    __table_args__ = (
        Index(
            "ix_search_documents_terms",
            "terms",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
        Index(
            "ix_search_documents_title_terms",
            "title_terms",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    deadline: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    terms: Mapped[str] = mapped_column(TSVECTOR)
    title_terms: Mapped[str] = mapped_column(TSVECTOR)


class SearchWord(Base):
    """A word in Latin letters or digits that some open campaign has, or had not long ago."""

    __tablename__ = "search_words"
    __table_args__ = (
        Index("ix_search_words_prefix", "word", postgresql_ops={"word": "text_pattern_ops"}),
        Index("ix_search_words_creator_id", "creator_id"),
    )

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    creator_id: Mapped[int | None] = mapped_column(BigInteger)
    """Whose campaign brought it in."""


class SearchSpelling(Base):
    """A word with one letter left out, or the word itself: two words one typo apart have a spelling in common."""

    __tablename__ = "search_spellings"

    spelling: Mapped[str] = mapped_column(String(40), primary_key=True)
    word: Mapped[str] = mapped_column(String(40), primary_key=True)
