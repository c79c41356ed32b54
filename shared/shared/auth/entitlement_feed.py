"""How a service's copy of entitlements is fed: platform's event, and the command that fetches all of them again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth.entitlements import Entitlements
from shared.events.consumer import Consumer
from shared.events.event import Envelope, Event
from shared.runtime import Runtime
from shared.service import Command

PLATFORM = "platform"


class EntitlementChanged(Event):
    """What a copy reads of it. `version` grows with each change of a user's product."""

    type: ClassVar[str] = "entitlement.changed"

    user_id: int
    product: str
    active: bool
    valid_until: datetime | None
    customer: str | None
    version: int


def keep_entitlements(consumer: Consumer, entitlements: Entitlements) -> None:
    """Register the handler that keeps the copy up to date."""

    @consumer.on(EntitlementChanged, source=PLATFORM)
    async def entitlement_changed(session: AsyncSession, event: EntitlementChanged, _: Envelope) -> None:
        await entitlements.apply(session, event)


def entitlements_command(entitlements_of: Callable[[Runtime], Entitlements]) -> Command:
    """`entitlements rebuild` of a service's command line."""

    async def rebuild(_arguments: argparse.Namespace, runtime: Runtime) -> int:
        try:
            changed = await entitlements_of(runtime).rebuild()
        except httpx.HTTPError as error:
            sys.stderr.write(f"platform does not answer at {runtime.settings.platform_url}: {error!r}\n")
            return 1
        sys.stdout.write(f"{changed} entitlements were new or newer at platform.\n")
        return 0

    return Command(
        "entitlements", "rebuild the copy of platform's entitlements", rebuild, configure=_configure
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["rebuild"], help="fetch every entitlement from platform again")
