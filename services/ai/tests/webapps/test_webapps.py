"""Web apps over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ai_service.webapps import service
from services.ai.tests.factories import OWNER, STRANGER, Person, subscribe
from testing.rollback import TestDatabase
from testing.tokens import auth_headers

BASE = "/api/webapp-builder"
WEBAPPS = f"{BASE}/webapps"


@pytest.fixture
async def webapp_id(owner: Person) -> int:
    made = await owner.post(WEBAPPS, {"name": "Menu", "description": "Of the day"})
    assert made.status_code == 201, made.text
    return int(made.json()["id"])


async def test_a_web_app_reads_as_the_contract_says(owner: Person, webapp_id: int) -> None:
    webapp = (await owner.get(f"{WEBAPPS}/{webapp_id}")).json()
    assert webapp.pop("created").endswith("Z")
    assert webapp == {
        "id": webapp_id,
        "name": "Menu",
        "description": "Of the day",
        "status": "draft",
        "url": None,
        "repo": None,
        "deployed": None,
    }
    (listed,) = (await owner.get(WEBAPPS)).json()
    assert listed["id"] == webapp_id


async def test_todays_client_deploys_with_a_json_content_type_and_no_body(
    client: httpx.AsyncClient, owner: Person, webapp_id: int
) -> None:
    headers = {**auth_headers(OWNER), "Content-Type": "application/json"}
    answer = await client.post(f"{WEBAPPS}/{webapp_id}/deploy", headers=headers)
    assert answer.status_code == 200, answer.text
    webapp = answer.json()["webapp"]
    assert (webapp["status"], webapp["url"]) == ("deployed", None)
    assert webapp["deployed"]
    assert answer.json()["message"]
    dashboard = (await owner.get(f"{BASE}/dashboard")).json()
    assert (dashboard["webapps_created"], dashboard["webapps_deployed"]) == (1, 1)


async def test_from_a_draft_to_its_users(owner: Person, webapp_id: int) -> None:
    path = f"{WEBAPPS}/{webapp_id}"
    assert (await owner.post(f"{path}/build")).json()["webapp"]["status"] == "building"
    repo = "https://git.example.com/menu"
    deployed = (await owner.post(f"{path}/deploy", {"repo": repo})).json()["webapp"]
    assert (deployed["status"], deployed["repo"]) == ("deployed", repo)
    no_address = await owner.post(f"{path}/launch")
    assert (no_address.status_code, no_address.json()["code"]) == (409, "no_address")
    again = (await owner.post(f"{path}/deploy", {"url": "https://menu.example.com/"})).json()["webapp"]
    assert (again["url"], again["repo"]) == ("https://menu.example.com/", repo)
    for _ in range(2):
        assert (await owner.post(f"{path}/launch")).json()["webapp"]["status"] == "live"
    assert (await owner.get(f"{BASE}/dashboard")).json()["webapps_deployed"] == 1
    assert (await owner.post(f"{path}/build")).json()["webapp"]["status"] == "building"


@pytest.mark.parametrize(
    ("steps", "step", "possible"),
    [
        ((), "launch", ["building", "deployed"]),
        (("build",), "launch", ["deployed"]),
    ],
)
async def test_a_transition_that_makes_no_sense_says_what_is_possible(
    owner: Person, webapp_id: int, steps: tuple[str, ...], step: str, possible: list[str]
) -> None:
    for before in steps:
        assert (await owner.post(f"{WEBAPPS}/{webapp_id}/{before}")).status_code == 200
    answer = await owner.post(f"{WEBAPPS}/{webapp_id}/{step}")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")
    assert answer.json()["possible"] == possible


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "\u200b\u3164"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 1}, "name"),
    ],
)
async def test_a_wrong_idea_is_refused_by_the_fields_name(
    owner: Person, body: dict[str, Any], field: str
) -> None:
    answer = await owner.post(WEBAPPS, body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("field", ["url", "repo"])
async def test_a_private_address_is_refused_and_nothing_changes(
    owner: Person, webapp_id: int, field: str
) -> None:
    answer = await owner.post(f"{WEBAPPS}/{webapp_id}/deploy", {field: "https://10.0.0.1/"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert (await owner.get(f"{WEBAPPS}/{webapp_id}")).json()["status"] == "draft"


async def test_web_apps_are_nobody_elses(
    client: httpx.AsyncClient, owner: Person, webapp_id: int, db: TestDatabase
) -> None:
    await subscribe(db, STRANGER)
    stranger = Person(client, STRANGER)
    assert (await stranger.get(WEBAPPS)).json() == []
    for method, rest in (("GET", ""), ("POST", "/build"), ("POST", "/deploy"), ("POST", "/launch")):
        answer = await stranger.call(method, f"{WEBAPPS}/{webapp_id}{rest}")
        assert (answer.status_code, answer.json()["code"]) == (404, "web_app_not_found")


async def test_the_same_key_makes_one_web_app(owner: Person) -> None:
    first = await owner.post(WEBAPPS, {"name": "Menu"}, key="k")
    assert (await owner.post(WEBAPPS, {"name": "Menu"}, key="k")).content == first.content
    assert len((await owner.get(WEBAPPS)).json()) == 1


async def test_a_script_cannot_fill_the_table(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_PER_USER", 2)
    statuses = [(await owner.post(WEBAPPS, {"name": "x"})).status_code for _ in range(3)]
    assert statuses == [201, 201, 409]


async def test_limit_and_cursor_lead_through_the_list(owner: Person) -> None:
    ids = [(await owner.post(WEBAPPS, {"name": str(number)})).json()["id"] for number in range(3)]
    first = await owner.get(f"{WEBAPPS}?limit=2")
    second = await owner.get(f"{WEBAPPS}?limit=2&cursor={first.headers['x-next-cursor']}")
    assert [webapp["id"] for webapp in first.json() + second.json()] == ids[::-1]
