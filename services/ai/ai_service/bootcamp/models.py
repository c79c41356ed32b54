"""The tables of the bootcamp."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ai_service.bootcamp.rules import EnrollmentStatus, PlanSlug
from ai_service.tables import Base
from shared.db.base import BigId, TimestampMixin


class BootcampPlan(Base):
    """When lessons are, and how many may come. `taken` changes with enrollments and never exceeds `seats`."""

    __tablename__ = "bootcamp_plans"
    __table_args__ = (
        CheckConstraint("taken BETWEEN 0 AND seats", name="seats"),
        CheckConstraint("price > 0", name="price_positive"),
    )

    slug: Mapped[str] = mapped_column(String(50), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    """This, `duration` and `schedule` are for a release before: clients read the texts in queries.py."""
    price: Mapped[int]
    """KRW."""
    duration: Mapped[str] = mapped_column(String(50))
    schedule: Mapped[str] = mapped_column(String(100))
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default=text("0"))


class Enrollment(TimestampMixin, Base):
    """Somebody's seat. It is taken while the status is `active`."""

    __tablename__ = "bootcamp_enrollments"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'completed', 'canceled')", name="status"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        CheckConstraint("end_date > start_date", name="dates"),
        Index(
            "uq_bootcamp_enrollments_active",
            "user_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_bootcamp_enrollments_user_id", "user_id", "id"),
        Index("ix_bootcamp_enrollments_end_date", "end_date", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    plan_type: Mapped[PlanSlug] = mapped_column(ForeignKey("bootcamp_plans.slug"))
    status: Mapped[EnrollmentStatus] = mapped_column(String(20), server_default="active")
    progress: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Percent; follows from the courses."""
    start_date: Mapped[datetime]
    end_date: Mapped[datetime]
    unpaid_since: Mapped[datetime | None]
    """Since when the student is without a subscription, as the schedule has noticed."""


class CourseProgress(Base):
    """An enrollment's progress in one course, in percent; no row means not started."""

    __tablename__ = "bootcamp_progress"
    __table_args__ = (
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint(
            "course IN ('automation_1', 'automation_2', 'automation_3', 'webapp')", name="course"
        ),
    )

    enrollment_id: Mapped[int] = mapped_column(
        ForeignKey("bootcamp_enrollments.id", ondelete="CASCADE"), primary_key=True
    )
    course: Mapped[str] = mapped_column(String(50), primary_key=True)
    percent: Mapped[int] = mapped_column(SmallInteger)
