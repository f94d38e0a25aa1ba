"""Pages of long lists: what comes after a cursor, in the order of a key."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, tuple_


def later(order: Sequence[ColumnElement[Any]], after: Sequence[Any]) -> ColumnElement[bool]:
    """The condition that a row comes after the key of the cursor, in the order of these columns."""
    return tuple_(*order) > tuple_(*after)
