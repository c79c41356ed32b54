"""Templates over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from shared.auth.dependencies import CurrentUser
from shared.schemas.json import JSONBytes
from sns_service.deps import PREFIX
from sns_service.posts.templates import TEMPLATES_JSON

router = APIRouter(prefix=PREFIX, tags=["templates"])


@router.get("/templates", response_model=dict[str, Any])
async def list_templates(_user: CurrentUser) -> Response:
    """The templates and the networks that accept them."""
    return JSONBytes(TEMPLATES_JSON)
