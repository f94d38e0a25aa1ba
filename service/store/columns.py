"""Column declarations that several tables share."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, TypeDecorator, cast, null
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


def number_key() -> Any:
    """Part of a primary key that we number ourselves, inside a subsidiary."""
    return Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


def subsidiary_key() -> Any:
    """The first part of every primary key of a subsidiary's data."""
    return Field(primary_key=True, foreign_key="subsidiary.id", sa_column_kwargs={"autoincrement": False})


def revision_key() -> Any:
    return Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})


def code(length: int = 64, **more: Any) -> Any:
    """Text that is sorted by: in the order of its code points on every database."""
    ordered = String(length).with_variant(String(length, collation="C"), "postgresql")
    return Field(sa_type=ordered, **more)


class PersonName(TypeDecorator[str]):
    """The name of a person or customer. The database answers null for it, unless it was selected by `Reach.readable`:
    a query that was written without a thought for names shows none."""

    impl = String
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:  # noqa: ARG002 - SQLAlchemy's names
        """What stands in the list of a SELECT in the column's place."""
        return cast(null(), String)


def person_name() -> Any:
    return Field(sa_type=PersonName(200))


def amount(**more: Any) -> Any:
    """Exact ten-thousandths."""
    return Field(sa_type=BigInteger, **more)
