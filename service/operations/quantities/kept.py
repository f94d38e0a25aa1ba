"""Figures of lines that stay in this process's memory; what was not asked for longest leaves first.

They are known by all that they depend on (the data revision of their subsidiary among it), so none ever has to be
taken back.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from sqlalchemy import Engine

MOST_ROWS = 100_000
"""A row has the figures of one group: some hundred bytes."""

_kept: WeakKeyDictionary[Engine, LRUCache[Hashable, Sequence[Any]]] = WeakKeyDictionary()
_lock = Lock()


def known(engine: Engine, keys: Iterable[Hashable]) -> dict[Hashable, Sequence[Any]]:
    """The rows under these keys of this database, as far as they are kept."""
    with _lock:
        own = _kept.get(engine)
        return {} if own is None else {key: own[key] for key in keys if key in own}


def keep(engine: Engine, found: Mapping[Hashable, Sequence[Any]]) -> None:
    """Keep rows under their keys, each as far as there is room for it."""
    with _lock:
        own = _kept.setdefault(engine, LRUCache(MOST_ROWS, getsizeof=lambda rows: len(rows) + 1))
        for key, rows in found.items():
            if len(rows) < MOST_ROWS:
                own[key] = rows
