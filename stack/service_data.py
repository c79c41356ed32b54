"""The tables and development data of a service: made anew when something that decides them has changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from stack.directory import RunDirectory, read_json, write_private
from stack.environment import base_environment
from stack.errors import PartFailed
from stack.services import Service
from stack.sources import fingerprint
from stack.tasks import run_task

STATE = """
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
       (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS database,
       (SELECT array_agg(version_num ORDER BY version_num) FROM alembic_version) AS revisions
"""
"""Another cluster or a database made anew may be at the same revisions, and hold nothing."""


@dataclass(frozen=True)
class ServiceData:
    """The database of one service. `settings` are what its commands are told, with the development users' passwords."""

    directory: RunDirectory
    service: Service
    settings: Mapping[str, str] = field(repr=False)

    @property
    def _marker(self) -> Path:
        """Says of which sources and settings the data was made, and in which state the database was then."""
        return self.directory.root / "prepared" / f"{self.service.name}.json"

    async def bring_up_to_date(self) -> str:
        """Migrates and seeds in one process; a no-op's two starts would be half of a warm `up`. Raises PartFailed."""
        cause = self._cause()
        if read_json(self._marker) == {"cause": cause, "state": await self._state()}:
            return "data unchanged"
        # An attempt that ends halfway has made neither what was before nor what is wanted.
        self._marker.unlink(missing_ok=True)
        name, command = f"{self.service.name}-data", (self.service.module, "migrate", "--seed")
        await run_task(self.directory, name, command, {**base_environment(), **self.settings})
        self._marker.parent.mkdir(exist_ok=True)
        write_private(self._marker, json.dumps({"cause": cause, "state": await self._state()}) + "\n")
        return "migrated and seeded"

    def _cause(self) -> str:
        """All that decides what migrating and seeding would write."""
        sources = fingerprint("shared/shared", f"services/{self.service.name}")
        return hashlib.sha256(json.dumps([sources, sorted(self.settings.items())]).encode()).hexdigest()

    async def _state(self) -> dict[str, Any] | None:
        """Of the database; None where nothing has been migrated."""
        try:
            connection = await asyncpg.connect(self.settings["DATABASE_URL"])
            try:
                return dict(await connection.fetchrow(STATE) or {})
            finally:
                await connection.close()
        except asyncpg.UndefinedTableError:
            return None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise PartFailed(f"{self.service.name}'s database does not answer: {error}") from error
