import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.process import freeze_garbage_collector
from shared.start import start

MODULE = """
import gc
collects = gc.isenabled()
definition = "the definition"
"""


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """On afterwards, whatever a test found."""
    yield
    gc.enable()


def test_a_service_is_loaded_without_collecting_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loaded_at_start.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    ran: list[object] = []

    def main(definition: object) -> int:
        ran.append(definition)
        return 3

    monkeypatch.setattr(main, "main", main)
    assert start("loaded_at_start") == 3
    assert ran == ["the definition"]
    import loaded_at_start  # type: ignore[import-not-found]

    assert not loaded_at_start.collects


def test_who_has_settled_collects_but_not_what_was_there() -> None:
    gc.disable()
    gc.unfreeze()  # the tests' own process has settled
    freeze_garbage_collector()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
