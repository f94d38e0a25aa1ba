"""Entity sets: their rows are stored, and asked for in SQL, or calculated when they are asked for."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from service.access.keys import Caller, Scope
from service.feeds.columns import batch_of, of_rows, of_stored
from service.feeds.odata import rows as in_memory
from service.feeds.odata.documents import EntityType
from service.feeds.odata.options import PAGE
from service.store import relations
from service.store.conditions import Condition
from service.store.reach import Reach
from service.store.relations import Asked, Relation

Place: TypeAlias = tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class EntitySet:
    """Who may read it, and what its rows are. One of `stored` and `calculated` is given."""

    type: EntityType
    scope: Scope
    stored: Callable[[Reach], Relation] | None = None
    calculated: Callable[[Caller, Place], Iterable[dict[str, Any]]] | None = None

    def page(self, caller: Caller, asked: Asked, limit: int) -> tuple[pa.RecordBatch, Place]:
        """At most `limit` rows, and the place of the last of them if there are more. ValueError: no such place."""
        columns = [one for one in self.type.columns if one.name in asked.names]
        if self.stored is not None:
            raw, place = relations.page(caller.connection, self.stored(caller.reach), asked, limit)
            (shown,) = of_stored(columns, [raw])
            return shown, place
        after = None if asked.order else asked.after
        found, place = in_memory.page(self._rows(caller, after), self.type.key, asked, limit)
        return batch_of(columns, found), place

    def count(self, caller: Caller, condition: Condition | None) -> int:
        """How many rows fit."""
        if self.stored is not None:
            return relations.count(caller.connection, self.stored(caller.reach), condition)
        return in_memory.count(self._rows(caller, None), condition)

    def _rows(self, caller: Caller, after: Place) -> Iterator[dict[str, Any]]:
        """Typed, in the order of the key, none of whose parts is null."""
        assert self.calculated is not None  # noqa: S101 - see above
        for batch in of_rows(self.type.columns, self.calculated(caller, after), PAGE):
            for row in batch.to_pylist():
                yield row | {name: "" for name in self.type.key if row[name] is None}
