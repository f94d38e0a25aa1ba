"""F1, F3, F24: the service, or PostgreSQL, is killed at any moment of handing in.

The moments are spread by chance over the time that a submission takes.
"""

import random
import threading
import time
from collections.abc import Callable

from tests.faults import properties
from tests.faults.conftest import trials
from tests.faults.ledger import Campaign
from tests.faults.rig import PATIENCE, Rig

ROWS = 5_000


def killed(rig: Rig, ledger: Campaign, kill: Callable[[], None], begin_again: Callable[[], None]) -> None:
    """All or nothing, and all once it was handed in again."""
    began = time.monotonic()
    assert rig.submit(ROWS).end == "ok"
    lasts = time.monotonic() - began
    for moment in moments(trials(100, 2)):
        operation = rig.operation(ROWS)
        sending = threading.Thread(target=rig.send, args=(operation,))
        sending.start()
        time.sleep(moment * lasts)
        kill()
        sending.join(PATIENCE)
        rig.database.close()  # the rig's own connections may have ended, too
        began = time.monotonic()
        begin_again()
        answered, stored = operation.end == "ok", properties.whole(rig, operation)
        rig.settle()
        ledger.tried(answered=answered, stored=stored, recovered=time.monotonic() - began)
    properties.check(rig)


def moments(count: int) -> list[float]:
    """Parts of the time, one by chance in each stretch of it."""
    return [(place + random.random()) / count for place in range(count)]  # noqa: S311


def test_a_killed_service_stores_all_or_nothing_and_then_once(rig, campaign):
    ledger = campaign("F24" if rig.database.is_sqlite else "F1", "service killed while it stores", rig.kind)
    killed(rig, ledger, rig.replica.kill, rig.replica.start)


def test_a_killed_postgresql_stores_all_or_nothing_and_then_once(own_postgres, rig_of, campaign):
    with rig_of(own_postgres.migrated()) as rig:
        ledger = campaign("F3", "PostgreSQL killed while it stores", rig.kind)
        killed(rig, ledger, own_postgres.kill, own_postgres.start)
        assert all(set(one.statuses) <= {201, 503} for one in rig.history.operations)
