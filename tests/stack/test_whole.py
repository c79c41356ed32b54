"""The whole stack: every part is well, comes back when it is killed, and gets new keys without logging anybody out."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from typing import Any

import httpx
import psutil
import pytest

from stack.services import SERVICES
from testing import eventually
from tests.conftest import ROOT, UP_SECONDS, RunningStack, run_stack
from tests.stack.driver import SmallStack

pytestmark = pytest.mark.stack

CHEFS = "/api/coocook/chefs"


def driver(stack: RunningStack) -> SmallStack:
    return SmallStack(stack.directory)


async def log_in(stack: RunningStack, anybody: httpx.AsyncClient) -> str:
    demo = stack.users["demo"]
    answer = await anybody.post(
        "/api/auth/login", json={"email": demo["email"], "password": demo["password"]}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def key_of(token: str) -> str:
    head = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return str(header["kid"])


def execute(stack: RunningStack, **said: str) -> subprocess.CompletedProcess[str]:
    """`python -m stack exec`, with its two outputs apart."""
    environment = {**os.environ, "STACK_DIR": str(stack.directory), **said}
    return subprocess.run(
        [sys.executable, "-m", "stack", "exec"], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_a_services_own_command_runs_with_the_stacks_settings(stack: RunningStack) -> None:
    result = execute(stack, SERVICE="sns", ARGS="check")
    assert (result.returncode, result.stdout) == (0, "settings: ok\ndatabase: ok\nredis: ok\n")


def test_its_exit_status_and_what_it_says_are_passed_on(stack: RunningStack) -> None:
    result = execute(stack, SERVICE="sns", ARGS="jobs requeue 999999999")
    assert result.returncode == 1
    assert result.stdout == "queued again: none\n"
    assert execute(stack, SERVICE="sns", ARGS="jobs --nothing").returncode == 2


def test_every_part_is_well(stack: RunningStack) -> None:
    result = run_stack(stack.directory, "status")
    assert result.returncode == 0, result.stdout


def test_each_program_has_a_session_and_the_posts_worker_gives_way(stack: RunningStack) -> None:
    pids = driver(stack).pids()
    assert {name: os.getsid(pid) for name, pid in pids.items()} == pids
    api, worker = (psutil.Process(pids[f"sns-{role}"]).nice() for role in ("api", "worker"))
    assert worker == api + 10


def test_another_up_restarts_nothing(stack: RunningStack, stack_settings: dict[str, str]) -> None:
    before = driver(stack).pids()
    result = run_stack(stack.directory, "up", seconds=UP_SECONDS, **stack_settings)
    assert result.returncode == 0, result.stdout
    assert driver(stack).pids() == before
    assert result.stdout.count("data unchanged") == len(SERVICES)


@pytest.mark.parametrize(
    "part", ["gateway", "coocook-api", "coocook-worker", "platform-api", "platform-worker", "sandbox"]
)
async def test_a_killed_process_comes_back(stack: RunningStack, part: str) -> None:
    old = driver(stack).kill(part)

    async def is_back() -> bool:
        return driver(stack).is_new(part, old) and driver(stack).is_well()

    await eventually(is_back, within=30, every=0.2)
    async with httpx.AsyncClient(base_url=stack.gateway) as anybody:

        async def answers() -> bool:
            return (await anybody.get(CHEFS)).status_code == 200

        await eventually(answers, within=20, every=0.1)


async def test_services_come_back_when_their_servers_were_killed(stack: RunningStack) -> None:
    killed = {part: driver(stack).kill(part) for part in ("postgres", "valkey")}

    async def all_is_well() -> bool:
        return (
            all(driver(stack).is_new(part, old) for part, old in killed.items()) and driver(stack).is_well()
        )

    await eventually(all_is_well, within=30, every=0.2)
    async with httpx.AsyncClient(base_url=stack.gateway) as anybody:
        await log_in(stack, anybody)


async def test_new_keys_sign_and_tokens_of_the_old_ones_stay_good(stack: RunningStack) -> None:
    async with httpx.AsyncClient(base_url=stack.gateway, timeout=10) as anybody:
        old = await log_in(stack, anybody)
        result = run_stack(stack.directory, "rotate-keys")
        assert result.returncode == 0, result.stdout

        async def new_token() -> str:
            return await log_in(stack, anybody)

        new = await eventually(
            new_token, within=15, every=1, until=lambda token: key_of(token) != key_of(old)
        )
        for token in (old, new):
            for path in ("/api/auth/me", "/api/coocook/bookings"):
                answer = await anybody.get(path, headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 200, answer.text
