"""Every relative link in the documentation leads to a file, and to a heading where it names one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, anchors, documents, links


def _broken(document: Path) -> list[str]:
    found = []
    for link in links(document.read_text()):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            found.append(link)
    return found


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    assert _broken(document) == []


def test_a_lost_file_and_a_lost_heading_are_found(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text(
        "# One\n\n## A `part`, of it\n\n[a](#a-part-of-it) [b](#gone) [c](two.md) `[d](three.md)` [e](one.md#one)\n"
    )

    assert _broken(document) == ["#gone", "two.md"]
