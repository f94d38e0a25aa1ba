"""Alembic's environment: the connection comes from `service.store.database`, the tables from `service.store`."""

from typing import Any

from alembic import context
from sqlalchemy import TypeDecorator
from sqlmodel import SQLModel

import service.store.tables  # noqa: F401 - registers every table


def plain_types(kind: str, item: Any, _context: Any) -> str | bool:
    """Migrations name plain SQL types, so that a later change of ours does not change them."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_item=plain_types,
    render_as_batch=False,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
