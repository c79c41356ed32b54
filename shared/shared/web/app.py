"""The app factory: what every service's HTTP side has in common."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import ServiceError
from shared.observability.metrics import observed
from shared.runtime import Runtime, open_runtime
from shared.service import ServiceDefinition
from shared.settings import ServiceSettings
from shared.web.failures import answer_to
from shared.web.health import add_health
from shared.web.middleware import RequestMiddleware
from shared.web.problems import describe_problems
from shared.web.response_cache import ResponseCache
from shared.web.routes import add_routes, drop_markers


def create_app(
    definition: ServiceDefinition, settings: ServiceSettings, runtime: Runtime | None = None
) -> FastAPI:
    """The service's app. With `runtime` (tests) it uses that, else its lifespan opens one and closes it.

    Either way the lifespan must run: it opens the service's own resources.
    """
    app = FastAPI(
        title=f"SoftFactory {definition.name}",
        lifespan=_lifespan(definition, settings, runtime),
        redirect_slashes=False,
        telemetry={"auto_configure": False, "tracing": False, "metrics": False, "logs": False},
        **_documentation(settings),
    )
    app.state.settings = settings
    if runtime is not None:
        app.state.runtime = runtime
    for kind in (ServiceError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _handle)
    app.state.response_cache = ResponseCache()
    app.add_middleware(
        RequestMiddleware, settings=settings, service=definition.name, response_cache=app.state.response_cache
    )
    add_routes(app, definition.routers(settings))
    drop_markers(app)
    add_health(app)
    describe_problems(app)
    return app


def _documentation(settings: ServiceSettings) -> dict[str, Any]:
    if settings.is_production:
        return {"openapi_url": None, "docs_url": None, "redoc_url": None}
    return {"openapi_url": "/openapi.json", "docs_url": "/docs", "redoc_url": None}


def _lifespan(definition: ServiceDefinition, settings: ServiceSettings, given: Runtime | None) -> Any:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            runtime = given
            if runtime is None:
                opening = open_runtime(settings, name=f"{definition.name}-api", keys=definition.key_source)
                runtime = app.state.runtime = await stack.enter_async_context(opening)
            await stack.enter_async_context(observed(runtime.database, runtime.cache))
            if definition.lifespan is not None:
                await stack.enter_async_context(definition.lifespan(runtime, app))
            yield

    return lifespan


async def _handle(_request: Request, error: Exception) -> Response:
    return answer_to(error)
