"""The overlays as a cluster gets them: rendered by the real kustomize, on a copy with what git does not hold."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ROOT = Path(__file__).parents[2]
KUBECTL = Path(sys.executable).parent / "kubectl"
OVERLAYS = ("dev", "prod")
COUNTERS = "redis://gateway-redis:6379/0"
Manifest = dict[str, Any]


def render(overlay: str, directory: Path) -> str:
    """The overlay's manifests as YAML. `directory` gets the copy; secrets and kong.yml are made as documented."""
    for part in ("k8s", "gateway"):
        shutil.copytree(
            ROOT / part,
            directory / part,
            ignore=shutil.ignore_patterns("kong.rendered.yml", "secrets", "*.py"),
        )
    there = directory / "k8s" / "overlays"
    _python(ROOT / "k8s/overlays/dev/make_secrets.py", "--output", there / "dev" / "secrets")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({"test-key": _public_key()}))
    rendered = there / overlay / "kong.rendered.yml"
    _python("-m", "gateway", "render", "--keys", keys, "--redis", COUNTERS, "--output", rendered)
    return _run(KUBECTL, "kustomize", there / overlay)


def render_monitoring() -> str:
    """What k8s/monitoring gives the namespace of the Prometheus operator. It has no secrets, and needs no copy."""
    return _run(KUBECTL, "kustomize", ROOT / "k8s" / "monitoring")


def manifests(text: str) -> list[Manifest]:
    """Its documents."""
    return list(yaml.load_all(text, yaml.CSafeLoader))


def pod_template(manifest: Manifest) -> Manifest | None:
    """What a Deployment, StatefulSet or Job starts."""
    template: Manifest | None = manifest.get("spec", {}).get("template")
    return template if manifest["kind"] in ("Deployment", "StatefulSet", "Job") else None


def workloads(found: list[Manifest]) -> Iterator[tuple[Manifest, Manifest]]:
    """(manifest, pod spec) of everything that starts pods."""
    for manifest in found:
        template = pod_template(manifest)
        if template is not None:
            yield manifest, template["spec"]


def one(found: list[Manifest], kind: str, name: str) -> Manifest:
    """The manifest of that kind and name. Generated names may be given without their hash."""
    matching = [m for m in found if m["kind"] == kind and m["metadata"]["name"] == name]
    matching = matching or [
        m for m in found if m["kind"] == kind and m["metadata"]["name"].rpartition("-")[0] == name
    ]
    assert len(matching) == 1, f"{kind} {name}: {len(matching)} of them"
    return matching[0]


def _public_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _python(*arguments: str | Path) -> str:
    return _run(sys.executable, *arguments)


def _run(*command: str | Path) -> str:
    result = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return result.stdout
