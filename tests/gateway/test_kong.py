"""The whole suite once more, against Kong: by KONG_IMAGE, or by GATEWAY_URL for one that runs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.gateway.kong import kong_image

pytestmark = pytest.mark.containers

SECONDS = 600


def test_kong_holds_all_that_the_local_gateway_holds() -> None:
    image = kong_image()
    settings = {"SUITE_AGAINST": "kong", "KONG_IMAGE": image} if image else {}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "tests/gateway",
        "-m",
        "not containers",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, text=True, timeout=SECONDS,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-5000:]
