"""Bases of request bodies: today's apps send what the monolith took, and it is taken here too."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError


class Request(BaseModel):
    """A body. An unknown field is ignored, and `""` for an optional one means that it was left out, as in forms."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return cls.prepare(given) if isinstance(given, dict) else given

    @classmethod
    def prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What of the body is looked at."""
        if "" not in given.values():
            return given
        return {name: value for name, value in given.items() if value != "" or cls._is_required(name)}

    @classmethod
    def _is_required(cls, name: str) -> bool:
        return name in cls.model_fields and cls.model_fields[name].is_required()


class Changes(Request):
    """A body of which what is left out stays as it is. Only `nullable` fields can be null, and `""` empties those."""

    nullable: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def prepare(cls, given: dict[str, Any]) -> dict[str, Any]:
        """What of the body is looked at."""
        emptied = {name: None for name in cls.nullable if given.get(name) == ""}
        return super().prepare({**given, **emptied})

    @field_validator("*", mode="before", check_fields=False)
    @classmethod
    def _not_null(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.field_name not in cls.nullable:
            raise PydanticCustomError("null", "Leave it out to keep it; it cannot be null")
        return value


class StrictRequest(Request):
    """What a network or a model is given, within a body. No app of today sends it, and what is mistyped is missed much
    later: an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")
