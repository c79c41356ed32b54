"""testing.servers and testing.local_servers: servers that end with whoever started them."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from testing import eventually
from testing.local_servers.postgres import DISPOSABLE, PostgresServer, stop_fast
from testing.local_servers.process import ServerFailed, free_port, is_free
from testing.local_servers.valkey import ValkeyServer
from testing.servers import DisposableServers

STARTER = """
import sys, time
from testing.servers import DisposableServers
servers = DisposableServers(["postgres", "valkey"])
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_servers_end_when_their_starter_is_killed(how: signal.Signals) -> None:
    starter = subprocess.Popen(  # noqa: ASYNC220 - a test has nothing else to do meanwhile
        [sys.executable, "-c", STARTER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert starter.stdout is not None
    with starter.stdout as output:
        assert output.readline() == b"ready\n"
    (keeper,) = psutil.Process(starter.pid).children()
    servers = keeper.children(recursive=True)
    assert {process.name() for process in servers} >= {"postgres", "valkey-server"}
    directories = [Path(process.cwd()) for process in servers if process.name() == "postgres"]
    starter.send_signal(how)
    starter.wait(10)

    async def all_gone() -> bool:
        return not any(map(_lives, [keeper, *servers]))

    await eventually(all_gone, within=15)
    assert not any(directory.exists() for directory in directories)


def _lives(process: psutil.Process) -> bool:
    """Where nobody is there to reap it, what has ended stays a zombie."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def test_closing_returns_when_they_are_gone() -> None:
    servers = DisposableServers(["valkey"])
    port = int(servers.urls["valkey"].split(":")[2].split("/")[0])
    assert not is_free(port)
    servers.close()
    assert is_free(port)


def test_a_taken_port_is_replaced() -> None:
    port = free_port()
    assert free_port(port) == port
    server = ValkeyServer(Path("/nowhere"), port)
    assert not server.is_ready()


def test_a_durable_valkey_keeps_its_data_and_its_password(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path / "valkey", free_port(), "secret", durable=True)
    server.initialise()
    for _ in range(2):
        process = server.start(log=tmp_path / "log")
        assert server.is_ready()
        process.stop()
    assert list((tmp_path / "valkey" / "appendonlydir").iterdir())
    assert "secret" not in " ".join(server.command())


def test_a_postgres_that_was_killed_starts_again(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", free_port(), "secret", DISPOSABLE)
    server.initialise()
    process = server.start(log=tmp_path / "log")
    children = psutil.Process(process.pid).children()
    process.stop(signal.SIGKILL)
    psutil.wait_procs(children, 10)
    lock = server.data / "postmaster.pid"
    # As if some other program had the number now.
    lock.write_text(lock.read_text().replace(str(process.pid), str(psutil.Process().pid), 1))
    stop_fast(server.start(log=tmp_path / "log"))


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data", free_port(), "secret", {"no_such_setting": "1"})
    server.initialise()
    with pytest.raises(ServerFailed, match="no_such_setting"):
        server.start(log=tmp_path / "log")


def test_root_without_user_namespaces_is_told_what_to_do() -> None:
    """As in a container with Docker's default seccomp profile."""
    failed = ServerFailed("initdb failed:\nunshare: unshare failed: Operation not permitted\n")
    assert str(failed).startswith(
        "initdb failed:\nunshare: unshare failed: Operation not permitted\nPostgreSQL does"
    )
    assert "seccomp" in str(failed)
    assert str(ServerFailed("initdb failed:\nno space")) == "initdb failed:\nno space"


def test_a_cluster_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")
    server = PostgresServer(tmp_path / "data", free_port(), "secret")
    server.initialise()
    assert (server.data / "postgresql.conf").exists()
    assert not unfinished.exists()
