"""The commands as people call them."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from threading import Thread

import pytest

from gateway import run
from gateway.__main__ import main
from gateway.compiler.bootstrap import CLUSTERS_FILE
from gateway.tests.conftest import COMMITTED
from stack.services import NAMES
from testing.local_servers.process import free_port


@pytest.fixture
def rendered(tmp_path: Path, pem: str) -> Path:
    (tmp_path / "keys.json").write_text(json.dumps({"a": pem}))
    output = tmp_path / "kong.rendered.yml"
    targets = [f"--target={name}=127.0.0.1:9" for name in NAMES]
    assert main(["render", "--keys", str(tmp_path / "keys.json"), "--output", str(output), *targets]) == 0
    return output


def test_the_committed_file_is_checked_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert "every rule holds" in capsys.readouterr().out


def test_a_broken_file_is_described_and_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "kong.yml"
    broken.write_text(COMMITTED.read_text().replace("retries: 0", "retries: 2"))
    assert main(["check", "--config", str(broken)]) == 1
    assert "[writes-are-retried]" in capsys.readouterr().err


def test_envoy_takes_what_is_compiled(tmp_path: Path, rendered: Path) -> None:
    assert (
        main(["compile", "--config", str(rendered), "--port", "8000", "--output", str(tmp_path / "envoy")])
        == 0
    )
    assert json.loads((tmp_path / "envoy" / "listener.json").read_text())["resources"]
    assert len(json.loads((tmp_path / "envoy" / "clusters.json").read_text())["resources"]) == len(NAMES)


def test_a_closed_gateway_compiles_too(tmp_path: Path) -> None:
    output = tmp_path / "closed.yml"
    assert main(["render", "--closed", "--output", str(output)]) == 0
    assert main(["compile", "--config", str(output), "--output", str(tmp_path / "envoy")]) == 0


def test_a_taken_port_is_named(tmp_path: Path, rendered: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        state = str(tmp_path / "state")
        assert main(["run", "--config", str(rendered), "--port", port, "--state-dir", state]) == 1
    assert port in capsys.readouterr().err


def test_reload_without_a_gateway_says_so(
    tmp_path: Path, rendered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reload", "--config", str(rendered), "--state-dir", str(tmp_path / "none")]) == 1
    assert "no gateway was started" in capsys.readouterr().err


def test_a_reload_of_a_broken_file_changes_nothing(tmp_path: Path, rendered: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "gateway.json").write_text(json.dumps({"host": "127.0.0.1", "port": 8000, "admin_port": 1}))
    rendered.write_text(rendered.read_text().replace("retries: 0", "retries: 2"))
    assert main(["reload", "--config", str(rendered), "--state-dir", str(state)]) == 1
    assert [path.name for path in state.iterdir()] == ["gateway.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "render|check|compile|run|reload"),
        (["start"], "render|check|compile|run|reload"),
        (["run", "--config", "x", "--port", "http"], "a number from 1 to 65535"),
        (["run"], "--config"),
        (["render", "--limit-scale", "many"], "--limit-scale"),
    ],
)
def test_a_wrong_argument_is_answered_with_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}'])
def test_a_key_file_of_another_form_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(text)
    assert main(["render", "--keys", str(keys)]) == 1
    assert "keys.json" in capsys.readouterr().err


def test_a_reload_while_the_gateway_starts_is_what_it_serves(
    tmp_path: Path, rendered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start has read the file; what is reloaded now must not be overwritten by what the start has compiled."""
    state, newer = tmp_path / "state", tmp_path / "newer.yml"
    newer.write_text(rendered.read_text().replace("127.0.0.1:9", "127.0.0.1:10"))
    reloading = Thread(target=run.reload, args=(newer, state))

    def meanwhile(*_: object) -> None:
        monkeypatch.setattr(run, "validate", lambda *_: None)
        reloading.start()
        reloading.join(0.5)

    run.prepare(rendered, state, host="127.0.0.1", port=free_port(), admin_port=None)
    monkeypatch.setattr(run, "validate", meanwhile)
    run.prepare(rendered, state, host="127.0.0.1", port=free_port(), admin_port=None)
    reloading.join(10)
    ports = re.findall(r'"port_value": ?(\d+)', (state / CLUSTERS_FILE).read_text())
    assert set(ports) == {"10"}
