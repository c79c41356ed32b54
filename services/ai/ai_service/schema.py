"""Every table of the service, for code that needs all of them: migrations and their check."""

from __future__ import annotations

from ai_service.bootcamp.models import BootcampPlan, CourseProgress, Enrollment
from ai_service.employees.models import Account, Employee
from ai_service.runs.models import Attempt, Run
from ai_service.scenarios.models import Scenario
from ai_service.tables import Base, Entitlement, IdempotencyRecord, Inbox, Outbox
from ai_service.webapps.models import WebApp

__all__ = [
    "Account",
    "Attempt",
    "Base",
    "BootcampPlan",
    "CourseProgress",
    "Employee",
    "Enrollment",
    "Entitlement",
    "IdempotencyRecord",
    "Inbox",
    "Outbox",
    "Run",
    "Scenario",
    "WebApp",
]
