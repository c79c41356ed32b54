"""What the bench measures: a stack of its own with wide limits, and the bare things beside it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import psutil

from stack.control import Control
from stack.directory import RunDirectory
from testing.local_servers.process import free_port

ROOT = Path(__file__).parents[2]
STARTING_SECONDS = 30


@dataclass
class Rig:
    """A running stack: `summary` is its stack.json, `directory` its STACK_DIR, `cold` the seconds it took to start."""

    directory: Path
    summary: dict[str, Any]
    cold: float
    stack: AsyncExitStack

    @property
    def gateway(self) -> str:
        """The gateway's URL."""
        return str(self.summary["gateway"])

    async def log_in(self, user: str = "demo") -> dict[str, Any]:
        """A development user's tokens."""
        known = self.summary["users"][user]
        async with httpx.AsyncClient(base_url=self.gateway, timeout=10) as anybody:
            answer = await anybody.post(
                "/api/auth/login", json={"email": known["email"], "password": known["password"]}
            )
            answer.raise_for_status()
            tokens: dict[str, Any] = answer.json()
            return tokens

    async def subscribers(self, count: int) -> list[str]:
        """Tokens of so many new users, who may use coocook."""
        async with httpx.AsyncClient(base_url=self.gateway, timeout=10) as anybody:
            users = [await _registered(anybody, number) for number in range(count)]
        connection = await asyncpg.connect(self.summary["databases"]["coocook"])
        try:
            await connection.executemany(
                "INSERT INTO entitlements (user_id, product, active, version) VALUES ($1, 'coocook', true, 1)",
                [(user["user"]["id"],) for user in users],
            )
        finally:
            await connection.close()
        return [user["access_token"] for user in users]

    async def run(self, module: str, *arguments: str, port: int) -> str:
        """Start `python -m module` until the bench ends; returns its URL once it accepts connections."""
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, cwd=ROOT)
        self.stack.push_async_callback(_end, process)
        await _accepts(port)
        return f"http://127.0.0.1:{port}"

    async def run_like(self, part: str, **settings: str) -> tuple[str, psutil.Process]:
        """Start one more process of a part of the stack, such as `coocook-api`, with other settings; its URL."""
        control = Control(RunDirectory(self.directory.resolve()))
        running = [entry.process for entry in control.processes() if entry.part == part]
        model = min(running, key=psutil.Process.create_time)  # the stack's own, and no copy of it
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            *model.cmdline(),
            cwd=model.cwd(),
            env={**model.environ(), **settings, "PORT": str(port)},
            stdout=DEVNULL,
        )
        self.stack.push_async_callback(_end, process)
        await _accepts(port)
        return f"http://127.0.0.1:{port}", psutil.Process(process.pid)

    async def bare_bytes(self, answers: dict[str, str]) -> int:
        """Start an app that answers each path with its body; returns its port."""
        file, port = self.directory / "answers.json", free_port()
        file.write_bytes(orjson.dumps(answers))
        await self.run("tests.load.bare", "bytes", "--port", str(port), "--answers", str(file), port=port)
        return port

    async def second_gateway(self, upstream_port: int, services: Sequence[str] = ("coocook",)) -> str:
        """A gateway like the stack's own whose `services` are all what listens on `upstream_port`; returns its URL."""
        state, port = self.directory / "gateway-beside", free_port()
        state.mkdir(exist_ok=True)
        config = state / "kong.rendered.yml"
        render = [
            "gateway",
            "render",
            "--keys",
            str(self.directory / "gateway" / "keys.json"),
            "--output",
            str(config),
        ]
        render += ["--limit-scale", LIMIT_SCALE]
        for service in services:
            render += ["--target", f"{service}=127.0.0.1:{upstream_port}"]
        rendering = await asyncio.create_subprocess_exec(sys.executable, "-m", *render, cwd=ROOT)
        if await rendering.wait():
            raise RuntimeError("the second gateway's configuration cannot be rendered")
        return await self.run(
            "gateway",
            "run",
            "--config",
            str(config),
            "--port",
            str(port),
            "--state-dir",
            str(state),
            port=port,
        )


LIMIT_SCALE = "100000"
UNPAID_RESERVATIONS = "1000000"
"""Of each customer: the bench books without paying."""


def run_stack(directory: Path, command: str) -> float:
    """Run `python -m stack`; returns the seconds it took. Raises CalledProcessError with its output shown."""
    settings = {"STACK_DIR": str(directory), "STACK_PORTS": "free", "LIMIT_SCALE": LIMIT_SCALE}
    settings["MAX_UNPAID_RESERVATIONS"] = UNPAID_RESERVATIONS
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "stack", command], cwd=ROOT, env={**os.environ, **settings}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.stderr.write(done.stdout)
        done.check_returncode()
    return time.perf_counter() - started


@asynccontextmanager
async def open_rig(directory: Path) -> AsyncIterator[Rig]:
    """Start a stack in `directory` and drop it, its data and everything started beside it at the end."""
    async with AsyncExitStack() as stack:
        stack.callback(run_stack, directory, "clean")
        cold = run_stack(directory, "up")
        summary = json.loads((directory / "stack.json").read_text())
        yield Rig(directory, summary, cold, stack)


async def _registered(anybody: httpx.AsyncClient, number: int) -> dict[str, Any]:
    email = f"bench-{secrets.token_hex(4)}-{number}@example.com"
    body = {"email": email, "password": "correct horse battery 42", "name": "Bench"}
    answer = await anybody.post("/api/auth/register", json=body)
    answer.raise_for_status()
    tokens: dict[str, Any] = answer.json()
    return tokens


async def _accepts(port: int) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()
