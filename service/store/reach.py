"""Which subsidiaries a caller may see. Every query on a subsidiary's data takes one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, cast, null, true, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from service.store.columns import PersonName

BUILT = 256
"""So many statements of a hot read are kept built, one per reach: building one costs more than running it."""
GROUP = 0
"""The group itself: it owns what belongs to no subsidiary (exchange rates), under this id in `subsidiary`."""
GROUP_CODE = "group"
"""Stands for the subsidiary in ids of what belongs to the group."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Ids of subsidiaries, or `None` for the whole group, whatever subsidiaries it will have; and whether the names of
    people and customers in them may be read."""

    subsidiaries: frozenset[int] | None
    names: bool = False

    @property
    def whole_group(self) -> bool:
        return self.subsidiaries is None

    @property
    def setting(self) -> str:
        """As the database is told it: `group`, or the ids as PostgreSQL writes an array."""
        if self.subsidiaries is None:
            return "group"
        return "{" + ",".join(str(int(number)) for number in sorted(self.subsidiaries)) + "}"

    @property
    def one(self) -> int:
        """The id, of a reach that was narrowed to one subsidiary."""
        if self.subsidiaries is None or len(self.subsidiaries) != 1:
            raise TypeError("this operation is on one subsidiary: narrow the reach first")
        return next(iter(self.subsidiaries))

    def narrowed(self, subsidiaries: Iterable[int]) -> "Reach":
        """To these subsidiaries, of which it keeps those that it covers."""
        asked = frozenset(subsidiaries)
        return Reach(asked if self.subsidiaries is None else asked & self.subsidiaries, self.names)

    def shown(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """Columns to select, names among them as they may be read."""
        return [
            self.readable(column).label(str(column.key)) if isinstance(column.type, PersonName) else column
            for column in columns
        ]

    def readable(self, name: Any) -> ColumnElement[Any]:
        """A column of names, to select and for conditions and orders, which tell of it too: nothing for who may not
        read names. The only way by which names of people and customers leave the store."""
        return type_coerce(name, String) if self.names else cast(null(), String)

    def covers(self, column: Any) -> ColumnElement[bool]:
        """The condition that a row with this `subsidiary_id` is within reach."""
        if self.subsidiaries is None:
            return true()
        attribute: InstrumentedAttribute[int] = column
        return attribute.in_(sorted(self.subsidiaries))
