"""What platform's endpoints ask for."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from platform_service.resources import Resources


async def get_resources(request: Request) -> Resources:
    """The process's resources."""
    return cast("Resources", request.app.state.resources)


ResourcesDep = Annotated[Resources, Depends(get_resources)]
