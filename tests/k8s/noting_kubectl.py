"""A kubectl for tests of k8s/deploy.sh: renders with the real one, and writes down what a cluster would be asked.

Environment: CALLS, the file that it writes; MIGRATION and ROLLOUT, `works` or `fails`.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

from tests.k8s.rendering import KUBECTL, Manifest, manifests


def main(arguments: list[str]) -> int:
    """One call; the exit status that the cluster's answer would give."""
    if arguments[0] == "kustomize":
        os.execv(KUBECTL, [str(KUBECTL), *arguments])  # noqa: S606
    asked = ["apply", *_selected(arguments)] if arguments[0] == "apply" else arguments
    with Path(os.environ["CALLS"]).open("a") as calls:
        calls.write(" ".join(asked) + "\n")
    return _answer(arguments)


def _answer(arguments: list[str]) -> int:
    if arguments[0] == "wait":
        wanted = "works" if "--for=condition=complete" in arguments else "fails"
        if os.environ["MIGRATION"] != wanted:
            time.sleep(30)  # is killed as soon as the other one knows
    elif arguments[0] == "get":
        print("deployment.apps/coocook-api\ndeployment.apps/coocook-worker")
    elif arguments[0] == "rollout":
        return int(os.environ["ROLLOUT"] != "works")
    return 0


def _selected(arguments: list[str]) -> list[str]:
    """`kind/name` of what `kubectl apply --selector` takes of the standard input."""
    terms = re.split(r",\s*(?![^(]*\))", arguments[arguments.index("--selector") + 1])
    found = [m for m in manifests(sys.stdin.read()) if all(_fits(term, m) for term in terms)]
    return [f"{m['kind']}/{m['metadata']['name']}" for m in found]


def _fits(term: str, manifest: Manifest) -> bool:
    key, operator, values = re.fullmatch(r"(\S+?)\s*(=| in | notin )\s*(.+)", term).groups()  # type: ignore[union-attr]
    label = manifest["metadata"].get("labels", {}).get(key)
    fits = label in re.findall(r"[\w.-]+", values)
    return not fits if operator.strip() == "notin" else fits


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
