"""The tables of crawls, and of the pages they fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from review_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class Crawl(TimestampMixin, Base):
    """One visit to a partner site. A site has at most one that is not over, and one that is suspicious: it lost most of
    the site's listings, which are kept until an operator decides."""

    __tablename__ = "crawls"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'suspicious')", name="status"
        ),
        Index(
            "uq_crawls_site_open",
            "site",
            unique=True,
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index(
            "uq_crawls_site_suspicious", "site", unique=True, postgresql_where=text("status = 'suspicious'")
        ),
        Index("ix_crawls_site", "site", "id"),
    )

    id: Mapped[BigId]
    site: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20), server_default="queued")
    started_by: Mapped[str] = mapped_column(String(30))
    """`schedule`, or `admin` and the user's id."""
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    pages: Mapped[int] = mapped_column(server_default="0")
    unchanged_pages: Mapped[int] = mapped_column(server_default="0")
    found: Mapped[int] = mapped_column(server_default="0")
    added: Mapped[int] = mapped_column(server_default="0")
    updated: Mapped[int] = mapped_column(server_default="0")
    retired: Mapped[int] = mapped_column(server_default="0")
    skipped: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None] = mapped_column(String(500))


class CrawledPage(Base):
    """What a site said of a page, for asking whether it has changed."""

    __tablename__ = "crawled_pages"

    site: Mapped[str] = mapped_column(String(50), primary_key=True)
    url: Mapped[str] = mapped_column(String(500), primary_key=True)
    etag: Mapped[str | None] = mapped_column(String(500))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    next_url: Mapped[str | None] = mapped_column(String(500))
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
