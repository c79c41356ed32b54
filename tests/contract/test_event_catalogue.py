"""docs/events.md, what services publish, and what they read of each other."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from redis.asyncio import Redis

from shared.db.database import Database
from shared.events.catalogue import declared, differences
from shared.service import ServiceDefinition
from stack.services import SERVICES as REGISTRY
from testing.app import open_test_runtime

CATALOGUE = Path(__file__).parents[2] / "docs" / "events.md"
SERVICES: list[ServiceDefinition] = [
    importlib.import_module(f"{service.module}.definition").definition for service in REGISTRY
]
OWN_SETTINGS: dict[str, dict[str, Any]] = {
    "platform": {
        "service_secrets": {"coocook": "a-secret-that-only-tests-know-and-share"},
        "key_encryption_keys": Fernet.generate_key().decode(),
        "public_url": "http://shop.test",
    },
    "sns": {"credential_keys": Fernet.generate_key().decode()},
}


@pytest.fixture
async def parts(redis_client: Redis, redis_url: str) -> list[Any]:
    """What the services' workers are made of; nothing of it runs, so no database is needed."""
    found = []
    for definition in SERVICES:
        database = Database("postgresql://nobody@127.0.0.1:1/nothing")
        async with open_test_runtime(
            definition,
            database=database,
            redis=redis_client,
            redis_url=redis_url,
            settings=OWN_SETTINGS.get(definition.name, {}),
        ) as runtime:
            part = definition.worker(runtime)
            found.append(part)
            if part.close is not None:
                await part.close()
        await database.close()
    return found


async def test_the_catalogue_says_what_the_code_does(parts: list[Any]) -> None:
    produced = {definition.name: declared(f"{definition.name}_service") for definition in SERVICES}
    consumers = [consumer for part in parts for consumer in part.consumers]
    assert consumers
    assert differences(CATALOGUE.read_text(), produced, consumers) == []


async def test_a_relay_keeps_events_for_every_service_that_reads_them(parts: list[Any]) -> None:
    read_by = {
        definition.name: {
            consumer.service
            for part in parts
            for consumer in part.consumers
            if definition.name in consumer.sources
        }
        for definition in SERVICES
    }
    assert {
        definition.name: set(part.readers) for definition, part in zip(SERVICES, parts, strict=True)
    } == read_by
