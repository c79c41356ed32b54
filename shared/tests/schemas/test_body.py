from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from shared.schemas.text import Text
from shared.schemas.types import AcceptsCancelled, Changes, Id, PlainNumber, Request, StrictRequest


class Inner(Request):
    note: Annotated[str, Text(1, 9)] = "none"


class Body(Request):
    name: Annotated[str, Text(0, 9)]
    owner_id: Id | None = None
    stars: Annotated[int, Field(ge=1), PlainNumber] = 3
    items: list[Inner] = Field(default_factory=list)


class Profile(Changes):
    nullable = frozenset({"bio"})

    name: Annotated[str, Text(1, 9)] | None = None
    bio: Annotated[str, Text(0, 9)] | None = None


class Secret(StrictRequest):
    token: Annotated[str, Text(1, 9)]
    site: Annotated[str, Text(1, 9)] | None = None


def test_nothing_for_an_optional_field_means_that_it_was_left_out() -> None:
    body = Body.model_validate({"name": "", "owner_id": "", "stars": "", "items": "", "template_id": ""})
    assert body.model_dump() == {"name": "", "owner_id": None, "stars": 3, "items": []}
    assert body.model_fields_set == {"name"}


def test_what_is_in_a_list_is_read_alike() -> None:
    assert Body.model_validate({"name": "a", "items": [{"note": "", "x": 1}]}).items == [Inner(note="none")]


def test_numbers_may_come_as_strings() -> None:
    body = Body.model_validate({"name": "a", "owner_id": "12", "stars": " 5 "})
    assert (body.owner_id, body.stars) == (12, 5)


def test_nothing_for_a_required_field_is_what_it_is() -> None:
    with pytest.raises(ValidationError, match="at least 1 character"):
        Secret.model_validate({"token": ""})


def test_nothing_empties_what_can_be_null_and_changes_nothing_else() -> None:
    assert Profile.model_validate({"name": "", "bio": ""}).model_dump(exclude_unset=True) == {"bio": None}


@pytest.mark.parametrize("field", ["name", "bio"])
def test_of_changes_only_what_is_nullable_can_be_null(field: str) -> None:
    if field in Profile.nullable:
        assert Profile.model_validate({field: None}).model_fields_set == {field}
        return
    with pytest.raises(ValidationError, match="Leave it out to keep it") as refused:
        Profile.model_validate({field: None})
    assert refused.value.errors()[0]["loc"] == (field,)


def test_what_is_mistyped_in_a_secret_is_refused() -> None:
    assert Secret.model_validate({"token": "a", "site": ""}).site is None
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Secret.model_validate({"token": "a", "sight": "b"})


@pytest.mark.parametrize("body", [[], "", 1, None])
def test_what_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(ValidationError):
        Body.model_validate(body)


def test_canceled_may_be_spelled_with_two_l() -> None:
    class Change(Request):
        status: Annotated[str, Text(1, 9), AcceptsCancelled]

    assert [Change(status=word).status for word in ("cancelled", "canceled")] == ["canceled"] * 2
