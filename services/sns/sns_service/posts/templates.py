"""The templates that posts are made with, and the list of them that the apps read."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter
from fastapi.responses import Response

from shared.auth.dependencies import CurrentUser
from shared.schemas.json import JSONBytes, dumps
from sns_service.deps import PREFIX
from sns_service.networks.registry import NETWORKS

router = APIRouter(prefix=PREFIX, tags=["templates"])
TemplateType = Literal["card_news", "blog_post", "reel", "shorts", "carousel"]
NAMES: Final[dict[TemplateType, str]] = {
    "card_news": "Card News",
    "blog_post": "Blog Post",
    "reel": "Reel",
    "shorts": "YouTube Shorts",
    "carousel": "Carousel",
}
TEMPLATES_JSON: Final = dumps(
    {
        template: {
            "name": name,
            "platforms": [
                network.listed_as
                for network in NETWORKS
                if network.listed_as is not None and template in network.templates
            ],
        }
        for template, name in NAMES.items()
    }
)


@router.get("/templates", response_model=dict[str, Any])
async def list_templates(_user: CurrentUser) -> Response:
    """The templates and the networks that accept them."""
    return JSONBytes(TEMPLATES_JSON)
