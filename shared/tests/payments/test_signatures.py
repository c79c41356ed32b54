"""Signatures of webhooks: which are good, and what a signed body has to be."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from fakes.payments.webhooks import signature
from shared.payments.errors import BadWebhook
from shared.payments.stripe_provider import StripeProvider
from testing.payments import WEBHOOK_SECRET


def body(**changed: Any) -> bytes:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.deleted",
        "created": 1_700_000_000,
        "data": {"object": {"id": "sub_1", "object": "subscription", "status": "canceled"}},
    }
    return json.dumps({**event, **changed}).encode()


@pytest.fixture
async def parse() -> AsyncIterator[Any]:
    provider = StripeProvider(
        api_url="http://127.0.0.1:9", secret_key="sk_test_x", webhook_secret=WEBHOOK_SECRET
    )
    yield provider.parse_webhook
    await provider.close()


def test_a_well_signed_event_is_read(parse: Any) -> None:
    event = parse(body(), signature(body(), WEBHOOK_SECRET, int(time.time())))
    assert (event.id, event.kind, event.data.subscription) == ("evt_1", "subscription_deleted", "sub_1")
    assert event.created.timestamp() == 1_700_000_000


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "rubbish",
        "t=1,v1=abc",
        "v1=abc",
        f"t={int(time.time())},v0={'0' * 64}",
        signature(body(), "whsec_another", int(time.time())),
        signature(body(), WEBHOOK_SECRET, int(time.time()) - 600),
        signature(body() + b" ", WEBHOOK_SECRET, int(time.time())),
        "t=é,v1=é",
    ],
    ids=[
        "none",
        "empty",
        "rubbish",
        "short",
        "no time",
        "another scheme",
        "another secret",
        "old",
        "another body",
        "accents",
    ],
)
def test_a_wrong_or_old_signature_is_refused(parse: Any, header: str | None) -> None:
    with pytest.raises(BadWebhook):
        parse(body(), header)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"7",
        b"{",
        b"\xff\xfe",
        b'{"a":' * 2000,
        body(type=5),
        body(data={}),
        body(data=None),
        body(created="x"),
        body(created=10**30),
        body(data={"object": {"id": "sub_1"}}),
        body(type="invoice.paid", data={"object": {"id": "in_1", "lines": {"data": [{"period": 5}]}}}),
        body(type="invoice.paid", data={"object": {"id": "in_1", "parent": "x"}}),
        body(type="invoice.paid", data={"object": {"id": "in_1", "amount_paid": "x", "currency": "usd"}}),
    ],
    ids=lambda payload: repr(payload[:60]),
)
def test_a_signed_body_that_is_no_event_is_refused(parse: Any, payload: bytes) -> None:
    try:
        header = signature(payload, WEBHOOK_SECRET, int(time.time()))
    except UnicodeDecodeError:
        header = None
    with pytest.raises(BadWebhook):
        parse(payload, header)
