"""One run of questions to the networks, several at a time. Nothing that one of them answers stops the others."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final, NamedTuple

from sqlalchemy import RowMapping

from sns_service.accounts.keyring import Holder, Keyring
from sns_service.networks.errors import NetworkError
from sns_service.networks.network import Adapter, Metrics

logger = logging.getLogger(__name__)

AT_A_TIME: Final = 10
CALL_SECONDS: Final = 10.0
"""Of all calls for one post. Counts can wait, and users name the sites that are asked."""
HIGHEST: Final = 2**53
"""What all readers of JSON take for the same number. Beyond it nobody has counted anything."""
MAKES_NO_SENSE: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


class Measured(NamedTuple):
    """What is known now of a post. Its `row` has id, network_id, account_id, platform, credentials and unlinked."""

    row: RowMapping
    counts: Mapping[str, int] | None = None
    """By column. None where they cannot be had now: what is known stays."""
    why: Exception | None = None


class Asking:
    """Asks until the moment `until` of time.monotonic(). An account that was too slow once is not asked again."""

    def __init__(self, adapters: Mapping[str, Adapter], keyring: Keyring, *, until: float) -> None:
        self._adapters = adapters
        self._keyring = keyring
        self._until = until
        self._slots = asyncio.Semaphore(AT_A_TIME)
        self._slow: dict[int, Exception] = {}

    async def ask(self, row: RowMapping) -> Measured | None:
        """What the network says; None where the time was up before. Raises nothing."""
        if row["unlinked"]:
            return Measured(row)
        async with self._slots:
            if time.monotonic() >= self._until:
                return None
            slow = self._slow.get(row["account_id"])
            return Measured(row, why=slow) if slow else await self._measure(row)

    async def _measure(self, row: RowMapping) -> Measured:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return Measured(row, _counts(await self._call(row)))
        except TimeoutError as error:
            self._slow[row["account_id"]] = error
            return Measured(row, why=error)
        except (NetworkError, *MAKES_NO_SENSE) as error:
            return Measured(row, why=error)
        except Exception as error:  # ours: one post may not keep the others from being measured
            logger.exception("post %s: measuring failed", row["id"])
            return Measured(row, why=error)

    async def _call(self, row: RowMapping) -> Metrics | None:
        adapter = self._adapters[row["platform"]]
        holder = Holder(row["account_id"], row["platform"], row["credentials"])
        return await self._keyring.use(holder, lambda opened: adapter.measure(opened, row["network_id"]))


def _counts(metrics: Metrics | None) -> Mapping[str, int] | None:
    if metrics is None:
        return None
    return {name: min(max(int(count), 0), HIGHEST) for name, count in asdict(metrics).items()}
