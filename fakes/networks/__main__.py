"""`python -m fakes.networks --port 8121`: fake WordPress, Instagram, TikTok, YouTube and X for development.

The development stack starts it, so that posts can be published there. What was published is lost with the process;
`GET /_fake/posts` lists it. Never in production: it lets everybody in.
"""

from __future__ import annotations

import argparse

import uvicorn

from fakes.networks.app import Networks
from shared.process import lower_priority


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m fakes.networks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    given = parser.parse_args()
    lower_priority(10)  # what is developed comes first
    # Errors of uvicorn's own would be the connections that it is ordered to break.
    uvicorn.run(
        Networks(),
        host=given.host,
        port=given.port,
        log_level="critical",
        access_log=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
