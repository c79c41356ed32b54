"""The bare limits: apps that send the same bytes, or run the same SQL, with nothing of ours around it.

`python -m tests.load.bare bytes --port N --answers FILE` answers each path of a JSON file {path: body} with its body.
`python -m tests.load.bare sql --port N --dsn URL --query FILE` is one FastAPI endpoint over asyncpg.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Response


def bytes_app(answers: dict[str, str]) -> Any:
    """An ASGI app of one dictionary: path -> body."""
    ready = {path: body.encode() for path, body in answers.items()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = ready.get(scope["path"], b"{}")
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def sql_app(dsn: str, query: str, parameters: list[Any]) -> FastAPI:
    """A FastAPI app whose GET /rows runs `query` through an asyncpg pool and answers its rows as JSON."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=10, max_size=10, reset=as_it_is) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.get("/rows")
    async def rows() -> Response:
        found = await app.state.pool.fetch(query, *parameters)
        body = orjson.dumps([dict(row) for row in found], default=_number)
        return Response(body, media_type="application/json")

    return app


async def as_it_is(_connection: Any) -> None:
    """Spares a limit the RESET, a round trip, with which asyncpg's pool takes every connection back."""


def _number(value: Any) -> Any:
    return float(value)


def main() -> None:
    """Run one of the two apps until told to stop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("app", choices=["bytes", "sql"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answers", type=Path, help="bytes: JSON file {path: body}")
    parser.add_argument("--dsn", help="sql: the database")
    parser.add_argument("--query", type=Path, help="sql: JSON file {query, parameters}")
    given = parser.parse_args()
    if given.app == "bytes":
        app = bytes_app(orjson.loads(given.answers.read_bytes()))
    else:
        spec = orjson.loads(given.query.read_bytes())
        app = sql_app(given.dsn, spec["query"], spec["parameters"])
    config = uvicorn.Config(app, host="127.0.0.1", port=given.port, log_level="warning", access_log=False)
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
