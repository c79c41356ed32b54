"""Bases of request bodies."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Request(BaseModel):
    """A body all of whose fields are required: unknown fields are ignored, as a mistyped one is missed anyway."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)


class StrictRequest(BaseModel):
    """A body with optional fields: an unknown field is refused, since it could be a mistyped one."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)
