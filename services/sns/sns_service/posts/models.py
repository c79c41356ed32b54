"""The tables of posts and of how fast networks may be written to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import BigId, TimestampMixin
from sns_service.tables import Base


class Post(TimestampMixin, Base):
    """What a user wants to appear at an account's network, and how far that is."""

    __tablename__ = "posts"
    __table_args__ = (
        CheckConstraint(
            "status IN ('draft', 'scheduled', 'publishing', 'published', 'failed')", name="status"
        ),
        CheckConstraint("scheduled_at IS NOT NULL OR status <> 'scheduled'", name="scheduled_has_a_time"),
        CheckConstraint("(status = 'published') = (published_at IS NOT NULL)", name="published_at"),
        CheckConstraint("failure_code IS NOT NULL OR status <> 'failed'", name="failed_says_why"),
        Index("ix_posts_user_id", "user_id", "id"),
        Index("ix_posts_account_id", "account_id", "id"),
        Index("ix_posts_published", "user_id", "published_at", postgresql_where=text("status = 'published'")),
        Index("ix_posts_failed", "id", postgresql_where=text("status = 'failed'")),
        Index("ix_posts_scheduled_at", "scheduled_at", postgresql_where=text("status = 'scheduled'")),
        Index("ix_posts_publishing", "id", postgresql_where=text("status = 'publishing'")),
        Index("ix_posts_under_way", "id", postgresql_where=text("status IN ('scheduled', 'publishing')")),
        Index("ix_posts_measure_at", "measure_at", postgresql_where=text("measure_at IS NOT NULL")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    content: Mapped[str] = mapped_column(Text)
    template_type: Mapped[str] = mapped_column(String(20))
    media_urls: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    status: Mapped[str] = mapped_column(String(20), server_default="draft")
    scheduled_at: Mapped[datetime | None]
    resume_at: Mapped[datetime | None]
    """Of a draft: for when it was scheduled until its account was unlinked; linked again, it is scheduled once more."""
    due_at: Mapped[datetime | None]
    """When it was to be published; what is still under way long after has failed."""
    publication_version: Mapped[int] = mapped_column("ticket", server_default=text("0"))
    """Grows with each order to publish and each recall; a job that carries an older one has nothing to do."""
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    """Grows with each worker that takes the post up; what an earlier one still writes is refused."""
    tries: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Failures since the last order to publish."""
    attempted_at: Mapped[datetime | None]
    begun_at: Mapped[datetime | None]
    """When its network was first asked, since the last order to publish: it is not waited for without an end."""
    outcome_unknown: Mapped[bool] = mapped_column("open", server_default=text("false"))
    """An attempt began whose outcome nobody knows: the network may have the post."""
    client_token: Mapped[UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))
    """By which the post is found again where a network takes a name of ours."""
    progress: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    """The network's own ids of a publication under way."""
    network_id: Mapped[str | None] = mapped_column(String(255))
    url: Mapped[str | None] = mapped_column(String(2048))
    failure_code: Mapped[str | None] = mapped_column(String(40))
    failure: Mapped[str | None] = mapped_column(String(500))
    published_at: Mapped[datetime | None]
    views: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    likes: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    comments: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    shares: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    measure_at: Mapped[datetime | None]
    """When its counts are asked for next."""


class NetworkRate(Base):
    """When a network may get the next post, where there is a limit."""

    __tablename__ = "network_rates"

    platform: Mapped[str] = mapped_column(String(20), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    promised_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """Up to when posts that found no place were told when to ask again."""
