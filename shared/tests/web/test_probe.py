"""The container's own health check."""

from __future__ import annotations

from typing import Any

import pytest

from shared.web import probe
from testing.local_servers.process import free_port
from testing.serving import bound_socket, serving


def answering(status: int) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            assert scope["path"] == "/health/live"
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return app


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1)])
@pytest.mark.parametrize("name", ["PORT", "WORKER_PORT"])
def test_whoever_listens_is_asked(
    monkeypatch: pytest.MonkeyPatch, name: str, status: int, exit_status: int
) -> None:
    for other in probe.DEFAULT_PORTS:
        monkeypatch.setenv(other, str(free_port()))
    with bound_socket() as listener, serving(answering(status), listener):
        monkeypatch.setenv(name, str(listener.getsockname()[1]))
        assert probe.main() == exit_status


def test_nobody_there_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in probe.DEFAULT_PORTS:
        monkeypatch.setenv(name, str(free_port()))
    assert probe.main() == 1


def test_a_process_that_hangs_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 0.05)
    with bound_socket() as listener:
        listener.listen()
        monkeypatch.setenv("PORT", str(listener.getsockname()[1]))
        monkeypatch.setenv("WORKER_PORT", str(free_port()))
        assert probe.main() == 1
