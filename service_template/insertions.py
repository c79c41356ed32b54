"""What a new service adds to files that the services share. It changes text, not data: every comment stays.

A place is found by what stands there for the services that exist; one that is not found is an error, before anything is
written. tests/workflows/test_registry.py holds the same files to the registry.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

BLOCKS = Path(__file__).with_name("blocks")


class CannotInsert(Exception):
    """A file does not look as expected; says which one, and where."""


class Insertion(Protocol):
    """One addition to one file."""

    @property
    def file(self) -> str: ...

    def apply(self, text: str, name: str, names: Collection[str]) -> str:
        """The file's text with it. Raises CannotInsert."""
        ...


def filled(text: str, name: str) -> str:
    """A line or a block for a service: NAME and its capitals are placeholders, as braces are YAML's and Jinja's."""
    return text.replace("<NAME>", name.upper()).replace("<name>", name)


@dataclass(frozen=True)
class Line:
    """A line, or some that stay together, after each list of those of the other services."""

    file: str
    line: str

    def apply(self, text: str, name: str, names: Collection[str]) -> str:
        known = {line for other in names for line in filled(self.line, other).split("\n")}
        found: list[str] = []
        for is_known, run in itertools.groupby(text.split("\n"), known.__contains__):
            lines = list(run)
            found += lines
            if is_known and len(lines) > 1:  # a single one is no list, such as what waits for platform
                found.append(filled(self.line, name))
        if len(found) == text.count("\n") + 1:
            raise CannotInsert(f"{self.file}: there is no line like {filled(self.line, min(names))!r}")
        return "\n".join(found)


@dataclass(frozen=True)
class Word:
    """A word at the end of a list within a line: after what `pattern` matches."""

    file: str
    pattern: str
    word: str

    def apply(self, text: str, name: str, names: Collection[str]) -> str:
        changed, count = re.subn(
            self.pattern, lambda match: match[0] + filled(self.word, name), text, flags=re.MULTILINE
        )
        if count != 1:
            raise CannotInsert(f"{self.file}: {count} places are like {self.pattern!r}, needed is one")
        return changed


@dataclass(frozen=True)
class Block:
    """A file of blocks/ before the text that `before` is, which is there once; at the end where it is empty."""

    file: str
    block: str
    before: str = ""

    def apply(self, text: str, name: str, names: Collection[str]) -> str:
        block = filled((BLOCKS / self.block).read_text(), name)
        if not self.before:
            return text + block
        if text.count(self.before) != 1:
            raise CannotInsert(
                f"{self.file}: {self.before!r} is there {text.count(self.before)} times, needed is once"
            )
        start, _, _ = text.partition(self.before)
        at = start.rfind("\n") + 1
        return text[:at] + block + text[at:]


SELECTED = r"app\.kubernetes\.io/name, operator: In, values: \[[^\]]*"
IMAGE = "  - {name: softfactory/<name>, newName: registry.example.com/softfactory/<name>, newTag: 0.1.0}"
INSERTIONS: tuple[Insertion, ...] = (
    Block("gateway/kong.yml", "kong-services.yml", "# The next service's entries go above."),
    Block("gateway/kong.yml", "kong-upstream.yml", "# The next service's upstream goes above."),
    Block("gateway/public-endpoints.txt", "public-endpoints.txt", ""),
    Block("tests/gateway/contract.py", "gateway-contract.txt", '"""\n\nENDPOINTS = ['),
    Block("compose.yaml", "compose.yaml", "# The next service goes above."),
    Line("compose.yaml", "      <name>: {condition: service_healthy}"),
    Line("compose.yaml", "      <NAME>_DATABASE_PASSWORD: ${<NAME>_DATABASE_PASSWORD:?}"),
    Word("compose.yaml", r"^ +SERVICE_SECRETS: '\{.*(?=\}'$)", ', "<name>": "${<NAME>_SERVICE_SECRET:?}"'),
    Block("containers/databases.sh", "databases.sh", "\n# Who may read the server's statistics"),
    Line("k8s/base/kustomization.yaml", "  - <name>.yaml"),
    Block("k8s/base/kustomization.yaml", "k8s-settings.yaml", "  - name: redis-configuration"),
    Word("k8s/base/gateway.yaml", SELECTED, ", <name>"),
    Word("k8s/base/redis.yaml", SELECTED, ", <name>"),
    Word("k8s/base/platform.yaml", SELECTED, ", <name>"),
    Line("k8s/overlays/dev/kustomization.yaml", "  - {name: <name>-secrets, envs: [secrets/<name>.env], "
         "options: {labels: {app.kubernetes.io/name: <name>}}}"),
    Line("k8s/overlays/dev/kustomization.yaml", "  - {name: softfactory/<name>, newTag: dev}\n"
         "  - {name: softfactory/<name>-canary, newName: softfactory/<name>, newTag: dev}"),
    Line("k8s/overlays/prod/kustomization.yaml", IMAGE),
    Line("k8s/overlays/prod/kustomization.yaml", IMAGE.replace("<name>,", "<name>-canary,", 1)),
    Block("k8s/overlays/prod/secrets.yaml", "k8s-secrets.yaml", ""),
    Block("k8s/overlays/prod/backups.yaml", "k8s-backup.yaml", ""),
    Word("k8s/overlays/prod/monitoring.yaml", SELECTED, ", <name>"),
    Word("k8s/overlays/prod/monitoring.yaml", r"cnpg\.io/cluster, operator: In, values: \[[^\]]*", ", <name>-db"),
    Word("monitoring/compose/prometheus.yml", r"names: \[platform,[^\]]*", ", <name>"),
    Word("monitoring/compose/prometheus.yml", r"names: \[platform-worker,[^\]]*", ", <name>-worker"),
    Line("monitoring/kustomization.yaml",
         "  - {name: dashboard-service-<name>, files: [dashboards/generated/service-<name>.json]}"),
    Line("pyproject.toml", '    "<name>_service",'),
    Line("pyproject.toml", '    "<name>_service.*.service",\n    "<name>_service.*.rules",'),
    Block("pyproject.toml", "layers-contract.toml",
          '[[tool.importlinter.contracts]]\nname = "Production code imports no test helpers and no fakes"'),
    Line("pyproject.toml", '    "services.<name>.tests",'),
    Line("pyproject.toml", '    "services/<name>",'),
    Word("services/platform/platform_service/worker.py", r"^READERS: Final = \([^)]*", ', "<name>"'),
    Word("docs/events.md", r"^\| `user\.deleted` \| 1 \| the user's id \| `user_id: int` \| [^|]*(?= \|)", ", <name>"),
    Block("docs/events.md", "events.md", "# What holds for all of them"),
    Block("README.md", "readme.md", "\n## Two commands"),
)  # fmt: skip


def inserted(root: Path, name: str, names: Collection[str]) -> Mapping[Path, str]:
    """The new texts of the files that change. Raises CannotInsert."""
    texts: dict[Path, str] = {}
    for insertion in INSERTIONS:
        path = root / insertion.file
        texts[path] = insertion.apply(texts.get(path) or path.read_text(), name, names)
    return texts
