"""Packages of our own making and a checkout that needs them: what installs is real, what is installed takes no time."""

from __future__ import annotations

import hashlib
import sys
import textwrap
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.install import Environment

REAL_UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Checkout:
    """Its packages are files in `links`, which is the only place where pip and uv are told to look."""

    root: Path
    links: Path

    @property
    def environment(self) -> Environment:
        return Environment(self.root)

    def lock(self, *, running: Mapping[str, str], checks: Mapping[str, str]) -> None:
        """Writes both lock files, and the packages that there are not yet; each package has its version."""
        entries = {name: self.package(name, version) for name, version in {**running, **checks}.items()}
        (self.root / "stack").mkdir(exist_ok=True)
        (self.root / "stack" / "requirements.lock").write_text("".join(entries[name] for name in running))
        (self.root / "requirements.lock").write_text("".join(entries.values()) + self.uv())

    def package(self, name: str, version: str) -> str:
        """Its entry in a lock file."""
        return _wheel(self.links, name, version, {f"{name}.py": f"version = {version!r}\n"})

    def uv(self, script: str = 'exec "$REAL_UV" "$@"') -> str:
        """A package of this name whose program is a shell script; by default it runs the real one."""
        text = f"#!/bin/sh\nREAL_UV={REAL_UV}\nHERE=$(dirname $0)\n{textwrap.dedent(script)}\n"
        return _wheel(self.links, "uv", "1.0", {"uv-1.0.data/scripts/uv": text})

    def project(self) -> None:
        """Our own package, which is installed as it lies there."""
        folder = self.root / "shared"
        folder.mkdir()
        _wheel(folder, "softfactory_shared", "0.1.0", {"softfactory_shared.pth": str(folder)})
        (folder / "pyproject.toml").write_text(
            '[project]\nname = "softfactory-shared"\nversion = "0.1.0"\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        (folder / "backend.py").write_text(
            "import pathlib, shutil\n\ndef build_editable(directory, *_):\n"
            f"    return pathlib.Path(shutil.copy(next(pathlib.Path({str(folder)!r}).glob('*.whl')), directory)).name\n"
        )

    def installed(self) -> dict[str, str]:
        """Versions by name, of all but what Python itself brings."""
        found = (path.stem.split("-") for path in self.site_packages.glob("*.dist-info"))
        return {name: version for name, version in found if name not in {"pip", "setuptools"}}

    @property
    def site_packages(self) -> Path:
        (folder,) = self.environment.directory.glob("lib/python3*/site-packages")
        return folder


def _wheel(folder: Path, name: str, version: str, files: Mapping[str, str]) -> str:
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    everything = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},,\n" for file in (*everything, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in (*everything.items(), (f"{info}/RECORD", record)):
            entry = zipfile.ZipInfo(file)
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
