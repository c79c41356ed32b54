"""What holds for every service, once. A service's test_service.py inherits it and says what is its own:

    class TestConformance(ServiceConformance):
        tasks = {"payments.settle"}

        @pytest.fixture
        async def walk(self, client, db, auth_headers) -> Walk: ...

The service under test is the one of the fixture `definition`, in its conftest.py.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, ClassVar
from uuid import uuid4

import httpx

from shared.db import migrate
from shared.db.database import Database
from shared.events.consumer import Consumer
from shared.events.event import Envelope
from shared.runtime import Runtime
from shared.service import ServiceDefinition
from shared.web.app import create_app
from shared.web.routes import undeclared_routes
from testing.jobs import run_every_schedule
from testing.wrong_input import app_of, assert_no_route_breaks


@dataclass(frozen=True)
class Walk:
    """A caller to whom the routes are open, beside rows for them to find; `skip` names routes such as `GET /a`."""

    client: httpx.AsyncClient
    headers: Mapping[str, str]
    skip: Collection[str] = ()


class ServiceConformance:
    """`tasks` and `schedules` are the names of the worker's jobs, `sources` the services whose events it reads."""

    tasks: ClassVar[Collection[str]]
    schedules: ClassVar[Collection[str]]
    sources: ClassVar[Collection[str]] = ("platform",)

    async def test_every_route_says_who_may_call_it(
        self, definition: ServiceDefinition, runtime: Runtime
    ) -> None:
        assert undeclared_routes(create_app(definition, runtime.settings, runtime)) == []

    async def test_no_wrong_input_breaks_a_route(self, walk: Walk) -> None:
        assert await assert_no_route_breaks(walk.client, app_of(walk.client), walk.headers, skip=walk.skip)

    async def test_models_and_migrations_agree(
        self, committed_db: Database, definition: ServiceDefinition
    ) -> None:
        metadata = import_module(f"{definition.name}_service.schema").Base.metadata
        assert await migrate.check(committed_db.url, metadata) == []

    async def test_migrations_go_back_to_nothing_and_forward_again(
        self, committed_db: Database, definition: ServiceDefinition
    ) -> None:
        await migrate.downgrade(committed_db.url, definition.migrations, revision="base")
        assert await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)

    async def test_everything_that_the_clock_starts_can_be_done(
        self, definition: ServiceDefinition, committed_runtime: Runtime
    ) -> None:
        assert "jobs.purge_log" in await run_every_schedule(definition, committed_runtime)

    async def test_the_worker_publishes_listens_and_works(
        self, runtime: Runtime, definition: ServiceDefinition
    ) -> None:
        parts = definition.worker(runtime)
        assert parts.outbox is import_module(f"{definition.name}_service.tables").Outbox
        assert [list(consumer.sources) for consumer in parts.consumers] == [[name] for name in self.sources]
        assert parts.jobs is not None
        assert set(parts.jobs.tasks) == set(self.tasks)
        assert set(parts.jobs.schedules) == set(self.schedules)
        if parts.close is not None:
            await parts.close()


def telling(consumer_of: Callable[[Runtime], Consumer]) -> Callable[..., Awaitable[None]]:
    """`await tell(runtime, "user.deleted", user_id=1)`: handle an event as the worker does, apart from its stream."""

    async def tell(runtime: Runtime, type_: str, *, source: str = "platform", **data: Any) -> None:
        subscription = consumer_of(runtime).subscriptions[source, type_, 1]
        event = subscription.model.model_validate({"new_field": 1, **data})
        envelope = Envelope(uuid4(), type_, 1, datetime.now(UTC), source, "key", None, b"")
        async with runtime.database.session() as session:
            await subscription.handler(session, event, envelope)

    return tell
