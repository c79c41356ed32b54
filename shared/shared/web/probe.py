"""`python -m shared.web.probe`: whether this container's process is alive, as an exit status.

A container runs one process, the API or the worker: the one that is listening is asked.
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT_SECONDS = 2.0
DEFAULT_PORTS = {"PORT": "8000", "WORKER_PORT": "8001"}


def is_alive(port: int) -> bool | None:
    """Whether /health/live answers 200 there; None where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """0 if the listening process is alive, else 1."""
    ports = [int(os.environ.get(name) or default) for name, default in DEFAULT_PORTS.items()]
    answers = [answer for port in ports if (answer := is_alive(port)) is not None]
    return 0 if answers and all(answers) else 1


if __name__ == "__main__":
    sys.exit(main())
