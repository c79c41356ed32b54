"""The sandbox as a server: it refuses as Stripe refuses, and nothing half."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.payments.__main__ import main
from fakes.payments.objects import after
from fakes.payments.store import Store
from testing import eventually
from testing.local_servers.process import free_port
from testing.payments import API_KEY, SandboxServer

AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}


async def post(
    http: httpx.AsyncClient, sandbox: SandboxServer, path: str, form: Any, **headers: str
) -> httpx.Response:
    content = form if isinstance(form, bytes) else None
    data = None if content is not None else form
    return await http.post(
        f"{sandbox.url}{path}", content=content, data=data, headers={**AUTHORIZED, **headers}
    )


async def test_a_key_with_other_parameters_is_stripe_s_idempotency_error(
    http: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    key = {"Idempotency-Key": "k"}
    first = await post(http, sandbox, "/v1/customers", {"email": "a@example.com"}, **key)
    again = await post(http, sandbox, "/v1/customers", {"email": "a@example.com"}, **key)
    other = await post(http, sandbox, "/v1/customers", {"email": "b@example.com"}, **key)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


async def test_a_refused_request_does_not_use_up_its_key(
    http: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    key = {"Idempotency-Key": "k"}
    assert (await post(http, sandbox, "/v1/customers", {"colour": "red"}, **key)).status_code == 400
    assert (await post(http, sandbox, "/v1/customers", {"name": "A"}, **key)).status_code == 200


async def test_the_same_key_at_the_same_time_does_the_work_once(
    http: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    calls = [
        post(http, sandbox, "/v1/customers", {"name": "A"}, **{"Idempotency-Key": "k"}) for _ in range(10)
    ]
    assert len({answer.json()["id"] for answer in await asyncio.gather(*calls)}) == 1


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer sk_test_another", "Basic sk_test_of_the_tests"])
async def test_another_account_s_key_is_401(
    http: httpx.AsyncClient, sandbox: SandboxServer, key: str
) -> None:
    answer = await http.post(f"{sandbox.url}/v1/customers", headers={"Authorization": key})
    assert answer.status_code == 401
    assert "sk_test" not in answer.text


@pytest.mark.parametrize(
    ("path", "form", "named"),
    [
        ("/v1/customers", {"colour": "red"}, "colour"),
        ("/v1/customers", {"metadata[a][b]": "1"}, "metadata"),
        ("/v1/customers", {"metadata": "x"}, "metadata"),
        ("/v1/customers", {"a]": "x"}, "parameter name"),
        ("/v1/customers", {"a" + "[b]" * 20: "x"}, "parameter name"),
        ("/v1/customers", b"name=%ff%fe", None),
        ("/v1/customers", b"\xff\xfe", "UTF-8"),
        ("/v1/checkout/sessions", {"mode": "payment"}, "subscriptions only"),
        ("/v1/checkout/sessions", {"mode": "subscription", "line_items": "x"}, "line item"),
        ("/v1/payment_intents", {"confirm": "false"}, "confirm"),
        ("/v1/payment_intents", {"confirm": "true"}, "customer"),
        ("/v1/refunds", {}, "payment_intent"),
        ("/v1/charges", {}, "Unrecognized request URL"),
    ],
    ids=str,
)
async def test_what_it_does_not_understand_it_refuses_by_name(
    http: httpx.AsyncClient, sandbox: SandboxServer, path: str, form: Any, named: str | None
) -> None:
    answer = await post(http, sandbox, path, form)
    if named is None:
        assert answer.status_code == 200
    else:
        assert 400 <= answer.status_code < 500
        assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize("amount", ["0", "-5", "1.5", "x", "", "9" * 400, "1e3", "１"])
async def test_an_amount_is_a_whole_number_within_reason(
    http: httpx.AsyncClient, sandbox: SandboxServer, amount: str
) -> None:
    cards = await http.get(f"{sandbox.url}/v1/customers/cus_demo_1/payment_methods", headers=AUTHORIZED)
    form = {
        "amount": amount,
        "currency": "usd",
        "customer": "cus_demo_1",
        "payment_method": cards.json()["data"][0]["id"],
        "confirm": "true",
    }
    answer = await post(http, sandbox, "/v1/payment_intents", form)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "amount")


async def test_a_huge_body_is_refused(http: httpx.AsyncClient, sandbox: SandboxServer) -> None:
    assert (await post(http, sandbox, "/v1/customers", {"name": "x" * 100_000})).status_code == 413


async def test_charges_are_listed_page_by_page(
    provider: Any, http: httpx.AsyncClient, sandbox: SandboxServer
) -> None:
    from decimal import Decimal

    from shared.schemas.money import Money

    for number in range(5):
        await provider.charge(
            amount=Money(Decimal(number + 1), "USD"),
            customer="cus_demo_1",
            description="",
            metadata={},
            idempotency_key=str(number),
        )
    url = f"{sandbox.url}/v1/payment_intents"
    first = (await http.get(url, params={"limit": 2}, headers=AUTHORIZED)).json()
    after_it = {"limit": 4, "starting_after": first["data"][-1]["id"]}
    rest = (await http.get(url, params=after_it, headers=AUTHORIZED)).json()
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [charge["amount"] for charge in first["data"] + rest["data"]] == [500, 400, 300, 200, 100]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"path": "/v1/refunds", "mode": "explode"}),
        ("faults", {"mode": "slow"}),
        ("faults", {"path": "/v1/refunds", "mode": "slow", "colour": "red"}),
        ("webhooks", {"colour": "red"}),
        ("events/evt_unknown/send", {}),
        ("subscriptions/sub_unknown/renew", {}),
        ("subscriptions/sub_unknown/renew", {"outcome": "maybe"}),
        ("checkouts/cs_unknown/expire", {}),
    ],
    ids=str,
)
async def test_hooks_refuse_what_they_do_not_know(hooks: Any, path: str, body: dict[str, Any]) -> None:
    assert (await hooks.post(path, **body)).status_code in (404, 422)


@pytest.mark.parametrize(
    ("start", "interval", "end"),
    [
        ("2026-01-31", "month", "2026-02-28"),
        ("2028-01-31", "month", "2028-02-29"),
        ("2026-12-15", "month", "2027-01-15"),
        ("2028-02-29", "year", "2029-02-28"),
    ],
)
def test_a_period_ends_on_the_last_day_of_a_shorter_month(start: str, interval: str, end: str) -> None:
    from datetime import UTC, datetime

    def moment(day: str) -> int:
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    assert after(moment(start), interval) == moment(end)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite")
    with pytest.raises(sqlite3.Error), store.transaction():
        store.save({"id": store.save({"id": "cus_1", "object": "customer"}), "object": "customer"})
    assert store.get("customer", "cus_1") is None
    store.close()


@pytest.fixture
def command(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`python -m fakes.payments` and its port."""
    port = free_port()
    arguments = ["--port", str(port), "--data", str(tmp_path / "new" / "state.sqlite")]
    environment = {**os.environ, "STRIPE_SECRET_KEY": API_KEY}
    with subprocess.Popen([sys.executable, "-m", "fakes.payments", *arguments], env=environment) as process:
        yield process, port
        process.kill()


async def test_the_command_runs_it_on_loopback_and_stops_when_told(
    command: tuple[subprocess.Popen[bytes], int], http: httpx.AsyncClient
) -> None:
    process, port = command

    async def answers() -> bool:
        try:
            answer = await http.get(f"http://127.0.0.1:{port}/health")
            return bool(answer.json() == {"status": "ok"})
        except httpx.ConnectError:
            return False

    await eventually(answers, within=20)
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.2", port))
    process.terminate()
    assert process.wait(timeout=10) in (0, -15)


def test_the_command_says_what_it_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STRIPE_WEBHOOK_SECRET", raising=False)
    assert main(["--port", "1", "--data", "/nowhere/x", "--webhook-url", "http://127.0.0.1:9/"]) == 2
    assert "STRIPE_WEBHOOK_SECRET" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2
