"""`.venv`: real pip, real uv and a real Python environment; the packages are of our own making, and lie in a folder."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack.install import Environment
from stack.uv import pip_settings, variables
from tests.conftest import ROOT
from tests.stack.packages import Checkout

RUNNING, CHECKS = {"server": "1.0", "web": "1.0"}, {"tester": "1.0"}
OURS = {"softfactory_shared": "0.1.0"}
INSTALL = (
    "import pathlib, sys; from stack.install import Environment; "
    "Environment(pathlib.Path(sys.argv[1])).install('running')"
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but pip, which is copied, as installing it takes seconds."""
    folder = tmp_path_factory.mktemp("bare") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (ours,) = Path(sys.prefix).glob("lib/python3*/site-packages")
    for path in (ours / "pip", *ours.glob("pip-*.dist-info")):
        shutil.copytree(path, folder / ours.relative_to(sys.prefix) / path.name)
    return folder


@pytest.fixture
def checkout(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout whose environment has been made, and whose lock files have not been installed yet."""
    made = Checkout(tmp_path / "checkout", tmp_path / "links")
    made.root.mkdir()
    made.links.mkdir()
    made.project()
    made.lock(running=RUNNING, checks=CHECKS)
    shutil.copytree(bare, made.environment.directory, symlinks=True)
    (made.environment.directory / ".installed").write_text(f"{made.root}\n")
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(made.links),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    return made


def test_what_runs_is_installed_by_uv_and_the_checks_add_theirs(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not checkout.environment.has("running")
    checkout.environment.install("running")
    assert checkout.installed() == {**RUNNING, **OURS, "uv": "1.0"}
    assert checkout.environment.has("running")
    assert not checkout.environment.has("everything")
    before = (checkout.site_packages / "server.py").stat()
    checkout.environment.install("everything")
    assert checkout.installed() == {**RUNNING, **CHECKS, **OURS, "uv": "1.0"}
    assert checkout.environment.has("running")
    assert checkout.environment.has("everything")
    assert (checkout.site_packages / "server.py").stat() == before
    assert "pip" not in capsys.readouterr().out


def test_where_uv_cannot_be_had_pip_installs_and_says_so_in_a_line(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.links / "uv-1.0-py3-none-any.whl").unlink()
    checkout.environment.install("running")
    assert checkout.installed() == {**RUNNING, **OURS}
    assert checkout.environment.has("running")
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "without uv" in line]
    assert "ERROR: Could not find a version that satisfies the requirement uv==1.0" in said


def test_where_uv_fails_pip_installs_and_says_why(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = checkout.uv("echo 'error: no route' >&2; echo '  Caused by: this network' >&2; exit 2")
    (checkout.root / "requirements.lock").write_text(entry)
    checkout.environment.install("running")
    assert checkout.installed() == {**RUNNING, **OURS, "uv": "1.0"}
    assert "without uv, which is slower: Caused by: this network\n" in capsys.readouterr().out


def test_a_file_with_another_hash_is_installed_by_neither(checkout: Checkout) -> None:
    entry = checkout.package("web", "2.0")
    checkout.package("web", "1.0")
    (checkout.root / "stack" / "requirements.lock").write_text(entry.replace("2.0", "1.0"))
    with pytest.raises(subprocess.CalledProcessError):
        checkout.environment.install("running")
    assert "web" not in checkout.installed()
    assert not checkout.environment.has("running")


def test_another_branchs_lock_file_is_installed_and_what_the_checks_need_stays(checkout: Checkout) -> None:
    checkout.environment.install("everything")
    checkout.lock(running={**RUNNING, "web": "2.0"}, checks=CHECKS)
    assert not checkout.environment.has("running")
    checkout.environment.install("running")
    assert checkout.environment.has("running")
    assert checkout.installed() == {**RUNNING, "web": "2.0", **CHECKS, **OURS, "uv": "1.0"}
    checkout.lock(running=RUNNING, checks=CHECKS)
    assert not checkout.environment.has("everything"), "web is 2.0 here"
    checkout.environment.install("everything")
    assert checkout.installed()["web"] == "1.0"


def test_what_a_killed_installation_left_is_made_anew(checkout: Checkout) -> None:
    entry = checkout.uv(
        """
        "$REAL_UV" "$@"
        for folder in "$HERE"/../lib/python3*/site-packages; do echo half > "$folder"/web.py; done
        kill -9 $PPID
        """
    )
    (checkout.root / "requirements.lock").write_text(entry)
    killed = subprocess.run([sys.executable, "-c", INSTALL, checkout.root], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "web" in checkout.installed(), "which is all that pip and uv look at"
    checkout.lock(running=RUNNING, checks=CHECKS)
    assert not checkout.environment.has("running")
    checkout.environment.install("running")
    assert (checkout.site_packages / "web.py").read_text() == "version = '1.0'\n"
    assert checkout.environment.has("running")


def test_a_failure_that_has_changed_nothing_leaves_a_platform_that_starts(checkout: Checkout) -> None:
    checkout.environment.install("running")
    for wheel in checkout.links.iterdir():  # as without a network
        wheel.unlink()
    with pytest.raises(subprocess.CalledProcessError):
        checkout.environment.install("everything")
    before = (checkout.site_packages / "server.py").stat()
    checkout.environment.install("running")
    assert checkout.environment.has("running")
    assert (checkout.site_packages / "server.py").stat() == before


def test_an_environment_is_used_where_it_was_made_and_while_its_python_starts(checkout: Checkout) -> None:
    checkout.environment.install("running")
    python = checkout.environment.python.readlink()
    checkout.environment.python.unlink()
    assert not checkout.environment.has("running")
    checkout.environment.python.symlink_to("/no/such/python")
    assert not checkout.environment.has("running")
    checkout.environment.python.unlink()
    checkout.environment.python.symlink_to(python)
    assert checkout.environment.has("running")
    moved = checkout.root.rename(checkout.root.with_name("moved"))
    assert not Environment(moved).has("running")


def test_uv_is_told_what_pip_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://one.example/index\nextra-index-url =\n  https://two.example/index\n"
        "  https://three.example/index\ncert = /ca.pem\ntimeout = 15\n[install]\ncert = /stronger.pem\n"
        "[download]\nproxy = http://other.example\n"
    )
    for name, value in {"CONFIG_FILE": str(settings), "TIMEOUT": "60", "FIND_LINKS": "/a /b"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in ("DEFAULT_TIMEOUT", "CERT", "EXTRA_INDEX_URL", "INDEX_URL"):
        monkeypatch.delenv(f"PIP_{name}", raising=False)
    told = variables(pip_settings(Path(sys.executable)))
    assert told["UV_DEFAULT_INDEX"] == "https://one.example/index"
    assert told["UV_INDEX"].split() == ["https://two.example/index", "https://three.example/index"]
    assert told["UV_FIND_LINKS"] == "/a,/b"
    assert told["UV_HTTP_TIMEOUT"] == "60"
    assert told["SSL_CERT_FILE"] == "/stronger.pem"
    assert "ALL_PROXY" not in told
