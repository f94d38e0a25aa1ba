"""A row for any table, made from what is known of its columns."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table, TypeDecorator
from sqlalchemy.types import TypeEngine

VALUES: dict[type, Any] = {
    bool: False,
    float: 0.0,
    bytes: b"",
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
}


def row_of(table: Table, subsidiary: int, place: int = 0) -> dict[str, Any]:
    """Every number and text is `place`, and so every reference to a row of another table that was made likewise."""
    values = VALUES | {int: place, str: str(place)}
    row = {column.name: values[_kind(column.type)] for column in table.columns if not column.nullable}
    if table.name == "subsidiary":
        return row | {"id": subsidiary, "code": str(subsidiary)}
    return row | ({"subsidiary_id": subsidiary} if "subsidiary_id" in row else {})


def _kind(type_: TypeEngine[Any]) -> type:
    return (type_.impl_instance if isinstance(type_, TypeDecorator) else type_).python_type
