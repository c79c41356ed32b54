"""What holds for the whole service: its routes, its tables, its settings, its development data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from ai_service.seed import seed
from ai_service.settings import AiSettings
from services.ai.tests.factories import OWNER, Person, make_completed, make_employee, subscribe
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.app import BASE_SETTINGS
from testing.conformance import ServiceConformance, Walk
from testing.rollback import TestDatabase

ADDRESSES = {"database_url": "postgresql://a@b/c", "redis_url": "redis://b"}


class TestConformance(ServiceConformance):
    tasks = ("runs.execute", "employees.end_training")
    schedules = (
        "end_past_enrollments",
        "end_unpaid_enrollments",
        "forget_fruitless_runs",
        "forget_old_answers",
    )

    @pytest.fixture(params=["user", "admin"])
    async def walk(
        self,
        request: pytest.FixtureRequest,
        client: httpx.AsyncClient,
        db: TestDatabase,
        auth_headers: Callable[..., dict[str, str]],
    ) -> Walk:
        await subscribe(db, OWNER)
        await make_completed(db, await make_employee(db), utcnow())
        return Walk(client, auth_headers(OWNER, request.param))


async def test_the_seed_writes_five_scenarios_and_does_it_once(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    for _ in range(2):
        await seed(runtime)
        scenarios = (await client.get("/api/ai-automation/scenarios")).json()
        assert len(scenarios) == 5
    types = ["email", "social", "customer_service", "data_entry", "scheduling"]
    assert [scenario["scenario_type"] for scenario in scenarios] == types
    assert [scenario["category"] for scenario in scenarios] == types
    assert all(scenario["estimated_savings"] > 0 for scenario in scenarios)


async def test_the_seed_gives_the_demo_user_a_plan_that_it_does_not_overwrite(
    runtime: Runtime, client: httpx.AsyncClient, db: TestDatabase
) -> None:
    await subscribe(db, 2)
    await seed(runtime)
    admin, demo = Person(client, 1, "admin"), Person(client, 2)
    assert (await demo.get("/plan")).json()["plan"] == "enterprise"
    assert (await admin.put("/admin/users/2/plan", {"plan": "ambassador"})).status_code == 200
    await seed(runtime)
    assert (await demo.get("/plan")).json()["plan"] == "ambassador"


def settings(**values: Any) -> AiSettings:
    return AiSettings(**{**BASE_SETTINGS, **ADDRESSES, **values})


def test_a_provider_needs_a_key_and_a_model() -> None:
    with pytest.raises(ValidationError, match="LLM_API_KEY and LLM_MODEL"):
        settings(llm_provider="anthropic")


def test_production_refuses_the_local_provider_and_keys_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="LLM_PROVIDER: must not be local"):
        settings(environment="production")
    known = {"llm_provider": "openai", "llm_api_key": "sk-x", "llm_model": "m"}
    with pytest.raises(ValidationError, match="LLM_API_URL: must be https"):
        settings(environment="production", llm_api_url="http://models.test/v1", **known)
    assert settings(environment="production", **known).llm_model == "m"


@pytest.mark.parametrize(
    ("dialect", "taken"), [("openai", "openai"), ("compatible", "compatible"), ("", None)]
)
def test_the_dialect_of_a_provider_may_be_said_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, dialect: str, taken: str | None
) -> None:
    monkeypatch.setenv("LLM_DIALECT", dialect)
    assert settings().llm_dialect == taken


def test_settings_do_not_show_the_key() -> None:
    shown = repr(settings(llm_provider="openai", llm_api_key="sk-very-secret", llm_model="m"))
    assert "very-secret" not in shown
