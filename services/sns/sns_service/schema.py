"""Every table of the service, for code that needs all of them: migrations and their check."""

from __future__ import annotations

from sns_service.accounts.models import Account
from sns_service.posts.models import NetworkRate, Post
from sns_service.tables import Base, Entitlement, IdempotencyRecord, Inbox, Outbox

__all__ = ["Account", "Base", "Entitlement", "IdempotencyRecord", "Inbox", "NetworkRate", "Outbox", "Post"]
