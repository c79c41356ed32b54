"""Lists are written as bytes, past their schemas, for speed: each row still is what its schema declares."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from ai_service.bootcamp.schemas import BootcampPlanShown, CourseShown, EnrollmentShown
from ai_service.employees.schemas import EmployeeShown, PlanShown
from ai_service.runs.schemas import RunCard
from ai_service.scenarios.schemas import ScenarioShown
from ai_service.seed import seed
from ai_service.webapps.schemas import WebAppShown
from services.ai.tests.factories import Person, make_completed, make_employee, make_run
from shared.runtime import Runtime
from shared.schemas.dates import utcnow
from testing.rollback import TestDatabase

BOOTCAMP = "/api/webapp-builder"
ANSWERS = [
    ("/employees", list[EmployeeShown]),
    ("/employees/{employee_id}/runs", list[RunCard]),
    ("/plans", dict[str, PlanShown]),
    ("/scenarios", list[ScenarioShown]),
    (f"{BOOTCAMP}/plans", dict[str, BootcampPlanShown]),
    (f"{BOOTCAMP}/courses", dict[str, CourseShown]),
    (f"{BOOTCAMP}/enrollments", list[EnrollmentShown]),
    (f"{BOOTCAMP}/webapps", list[WebAppShown]),
]


@pytest.mark.parametrize(("path", "schema"), ANSWERS, ids=[path for path, _ in ANSWERS])
async def test_a_list_s_rows_are_what_its_schema_declares(
    owner: Person, db: TestDatabase, runtime: Runtime, path: str, schema: Any
) -> None:
    await seed(runtime)
    employee_id = await make_employee(db)
    await make_run(db, employee_id)
    await make_completed(db, employee_id, utcnow())
    assert (await owner.post(f"{BOOTCAMP}/enroll", {"plan_type": "weekday"})).status_code == 201
    assert (await owner.post(f"{BOOTCAMP}/webapps", {"name": "Shop"})).status_code == 201
    answer = await owner.get(path.format(employee_id=employee_id))
    assert TypeAdapter(schema).validate_json(answer.content, strict=True, extra="forbid")
