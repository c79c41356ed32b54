import os
import sys
from pathlib import Path

import pytest

from stack import install


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout whose installation is complete."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "STAMP", tmp_path / ".venv" / ".installed")
    monkeypatch.setattr(install, "UNFINISHED", tmp_path / ".venv" / ".unfinished")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    (tmp_path / "requirements.lock").touch()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "pyproject.toml").touch()
    install.PYTHON.parent.mkdir(parents=True)
    install.PYTHON.symlink_to(sys.executable)
    install.STAMP.write_text(str(tmp_path))
    return tmp_path


def test_a_complete_installation_is_left_alone(checkout: Path) -> None:
    assert install.is_current()


def test_a_newer_lock_file_is_installed(checkout: Path) -> None:
    later = install.STAMP.stat().st_mtime + 10
    os.utime(checkout / "requirements.lock", (later, later))
    assert not install.is_current()


def test_an_interrupted_installation_is_not_taken_for_a_complete_one(checkout: Path) -> None:
    install.UNFINISHED.touch()
    assert not install.is_current()


def test_the_environment_of_a_copied_or_moved_checkout_is_not_used(checkout: Path) -> None:
    install.STAMP.write_text("/elsewhere")
    assert not install.is_current()


def test_an_environment_whose_python_is_gone_is_not_used(checkout: Path) -> None:
    install.PYTHON.unlink()
    install.PYTHON.symlink_to("/no/such/python")
    assert not install.is_current()
