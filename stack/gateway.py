"""The gateway's steps: kong.yml with this stack's keys and addresses in it, and the proxy that runs it."""

from collections.abc import Mapping

from stack.directory import RunDirectory
from stack.environment import Addresses
from stack.program import Step


def gateway_steps(directory: RunDirectory, addresses: Addresses, platform: Mapping[str, str]) -> list[Step]:
    return []
