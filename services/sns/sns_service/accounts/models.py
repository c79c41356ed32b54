"""The table of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.db.base import BigId, TimestampMixin
from sns_service.networks.registry import NETWORK_NAMES, OTHER_NAMES
from sns_service.tables import Base

_OTHER_NAMES: Final = [
    f"linked_as = '{other}' AND platform = '{name}'" for other, name in OTHER_NAMES.items()
]
AS_LINKED: Final = "coalesce(a.linked_as, a.platform)"
"""In SQL, of `accounts AS a`: the name that its app gave."""
ONE_OF_A_NAME = "uq_accounts_user_id_platform_account_name"


class Account(TimestampMixin, Base):
    """A user's account at a network. A deleted one stays for its posts' sake, without its credentials."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint(f"platform IN ({', '.join(map(repr, NETWORK_NAMES))})", name="platform"),
        CheckConstraint(" OR ".join(["linked_as IS NULL", *_OTHER_NAMES]), name="linked_as"),
        CheckConstraint("deleted_at IS NULL OR credentials IS NULL", name="deleted_without_credentials"),
        Index(
            ONE_OF_A_NAME,
            "user_id",
            "platform",
            text("lower(account_name)"),
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
        Index("ix_accounts_user_id", "user_id"),
        Index("ix_accounts_renew_at", "renew_at", postgresql_where=text("renew_at IS NOT NULL")),
    )

    id: Mapped[BigId]
    user_id: Mapped[int] = mapped_column(BigInteger)
    platform: Mapped[str] = mapped_column(String(20))
    linked_as: Mapped[str | None] = mapped_column(String(20))
    """The network's other name, where the app that linked the account said that; see networks/registry.py."""
    account_name: Mapped[str] = mapped_column(String(120))
    credentials: Mapped[str | None] = mapped_column(Text)
    """Encrypted; see credentials.py."""
    renew_at: Mapped[datetime | None]
    """When access is renewed though nobody needs it: a network that renews only what has not expired yet."""
    renewing_until: Mapped[datetime | None]
    """A worker has asked the network for new access, and until then no other one does."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    paused_until: Mapped[datetime | None]
    """The network asked us to wait."""
    deleted_at: Mapped[datetime | None]
