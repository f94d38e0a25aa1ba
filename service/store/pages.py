"""Pages of long lists: what comes after a cursor, in the order of a key."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, literal, select, tuple_


def later(order: Sequence[ColumnElement[Any]], after: Sequence[Any]) -> ColumnElement[bool]:
    """The condition that a row comes after the key of the cursor, in the order of these columns.

    The first value is asked for: PostgreSQL judges by it alone how many rows come after, and from a constant, which is
    the subsidiary's, it would expect none of a subsidiary's millions, and join and sort all of them for each page.
    """
    first = select(literal(after[0], order[0].type)).scalar_subquery()
    return tuple_(*order) > tuple_(first, *after[1:])
