"""What rows point to by number: customers, salespeople, channels and product groups, each with its code."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Table

from service.store import customers, labels, salespeople

NOUNS: Mapping[str, Table] = {
    "customer": customers.TABLE,
    "salesperson": salespeople.TABLE,
    "channel": labels.CHANNEL,
    "product_group": labels.PRODUCT_GROUP,
}
"""A table points to a noun in a column of its name and `_id`."""


def with_codes(statement: Select[Any], rows: Any) -> Select[Any]:
    """The statement over these rows, with the code of each noun that they point to under the noun's name."""
    for noun, named in NOUNS.items():
        if f"{noun}_id" in rows.c:
            same = (named.c.subsidiary_id == rows.c.subsidiary_id) & (named.c.id == rows.c[f"{noun}_id"])
            statement = statement.join(named, same).add_columns(named.c.code.label(noun))
    return statement
