"""Development data: five scenarios, one per scenario type; and the largest plan for platform's demo user."""

from __future__ import annotations

from typing import Final

from sqlalchemy.dialects.postgresql import insert

from ai_service.employees.models import Account
from ai_service.employees.rules import month_of
from ai_service.scenarios.catalogue import ALL_SCENARIOS
from ai_service.scenarios.models import Scenario
from shared.runtime import Runtime
from shared.schemas.dates import utcnow

DEMO_USER: Final = 2
SCENARIOS: Final = (
    (
        "email",
        "E-mail assistant",
        "Answers e-mails in your tone, and says which need you.",
        1,
        20,
        "easy",
        False,
    ),
    ("social", "Social media writer", "Writes posts for your networks, with hashtags.", 2, 16, "easy", False),
    (
        "customer_service",
        "Customer service agent",
        "Answers customers from what you know, and hands over what it cannot answer.",
        1,
        40,
        "medium",
        False,
    ),
    ("data_entry", "Data entry clerk", "Takes records out of text, field by field.", 3, 24, "medium", False),
    (
        "scheduling",
        "Scheduling assistant",
        "Finds a time that suits, around what is taken.",
        1,
        12,
        "advanced",
        True,
    ),
)
"""Type, name, description, hours that one run and that a month saves, complexity, premium."""


async def seed(runtime: Runtime) -> None:
    """Write what is not there yet."""
    rows = [
        {
            "scenario_type": type_,
            "category": type_,
            "name": name,
            "description": description,
            "estimated_savings": hours,
            "monthly_savings": monthly,
            "complexity": complexity,
            "is_premium": premium,
        }
        for type_, name, description, hours, monthly, complexity, premium in SCENARIOS
    ]
    async with runtime.database.session() as session:
        await session.execute(insert(Scenario).values(rows).on_conflict_do_nothing())
        account = insert(Account).values(user_id=DEMO_USER, plan="enterprise", month=month_of(utcnow()))
        await session.execute(account.on_conflict_do_nothing())
        runtime.cache.invalidate_after_commit(session, ALL_SCENARIOS)
