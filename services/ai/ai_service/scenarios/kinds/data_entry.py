"""Taking records out of text."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from ai_service.scenarios.kinds.kind import Given, Kind, Result, Unfit
from shared.schemas.text import Text


def _different(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("duplicate", "A field is listed twice")
    return values


FieldName = Annotated[str, Text(1, 60)]


class DataEntryInput(Given):
    """A text, and the fields that each record in it has."""

    text: Annotated[str, Text(1, 20_000)]
    fields: Annotated[list[FieldName], Field(min_length=1, max_length=30), AfterValidator(_different)]


class Cell(Result):
    """One field's value; null where the text does not say."""

    field: FieldName
    value: Annotated[str, Text(0, 2000)] | None


class Record(Result):
    """One record, with every field that was asked for."""

    cells: Annotated[list[Cell], Field(max_length=30)]


class DataEntryOutput(Result):
    """The records in the order of the text."""

    records: Annotated[list[Record], Field(max_length=200)]


def _offline(given: DataEntryInput) -> DataEntryOutput:
    lines = [line.strip() for line in given.text.split("\n") if line.strip()][:200]
    return DataEntryOutput(records=[_record(given.fields, line) for line in lines])


def _record(fields: list[str], line: str) -> Record:
    values = [part.strip()[:2000] for part in line.split(",")]
    padded = [*values, *[None] * len(fields)]
    return Record(cells=[Cell(field=name, value=value) for name, value in zip(fields, padded, strict=False)])


def _check(given: DataEntryInput, result: DataEntryOutput) -> None:
    for number, record in enumerate(result.records):
        names = [cell.field for cell in record.cells]
        if sorted(names) != sorted(given.fields):
            raise Unfit(f"records.{number}: its fields differ from those requested")


DATA_ENTRY = Kind(
    name="data_entry",
    instructions=(
        "You take records out of text. For each record in the text give every field that the input asks for, spelled as"
        " there, with the value as the text has it, or null where the text does not say. Invent nothing, skip nothing."
    ),
    input=DataEntryInput,
    output=DataEntryOutput,
    max_output_tokens=8000,
    hours=3,
    offline=_offline,
    check=_check,
)
