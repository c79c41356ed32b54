"""What a new service may be called: its name becomes a Python package, a database with its role, a host and a path."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping

RESERVED = {
    **dict.fromkeys(("containers", "fakes", "gateway", "k8s", "shared", "stack", "testing", "tests"), "a folder"),
    **dict.fromkeys(("service", "whole"), "a workflow"),
    **dict.fromkeys(("databases", "networks", "partners", "postgres", "redis", "replica", "sandbox", "supervisor",
                     "valkey"), "a part of the stack"),
    **dict.fromkeys(("kong", "kustomization", "namespace", "network", "processes", "settings"), "a part of k8s/"),
    **dict.fromkeys(("none", "public", "template0", "template1"), "PostgreSQL's"),
}  # fmt: skip


class WrongName(Exception):
    """Says what is wrong with it."""


def check_name(name: str, *, services: Collection[str], paths: Mapping[str, str]) -> None:
    """Raises WrongName. `paths` are what follows /api/ at the gateway, with the service that it leads to."""
    if not name:
        raise WrongName("NAME= is missing: such as NAME=loyalty")
    if not re.fullmatch(r"[a-z][a-z0-9]{1,19}", name) or keyword.iskeyword(name):
        wanted = "2 to 20 lower-case letters and digits, a letter first, and no word of Python's"
        raise WrongName(f"NAME={name}: needed are {wanted}, such as NAME=loyalty")
    if name in services:
        raise WrongName(f"NAME={name}: this service is there already (services/{name})")
    if name in RESERVED:
        raise WrongName(f"NAME={name}: this is reserved, it is {RESERVED[name]}")
    if name in paths:
        raise WrongName(f"NAME={name}: /api/{name} leads to {paths[name]}")
