"""F23: PgBouncer in transaction mode between the service and PostgreSQL, killed again and again while it is used."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import OWNER
from tests.faults import properties
from tests.faults.conftest import RECOVERY_SECONDS, trials
from tests.faults.rig import HOMES, PATIENCE, Rig, at_once
from tests.pooler import ABSENT, PROGRAM, Pooler

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason=ABSENT),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
ROWS, CLIENTS = 50, 4


@pytest.fixture
def through_pooler(rig_of, database_url: str, tmp_path: Path) -> Iterator[tuple[Rig, Pooler]]:
    pooler = Pooler(database_url, OWNER, tmp_path)
    pooler.start()
    try:
        with rig_of(database_url, service_url=pooler.url, replicas=2) as rig:
            yield rig, pooler
    finally:
        pooler.stop()


def test_clients_who_share_two_connections_lose_and_see_nothing(through_pooler, campaign):
    rig, _ = through_pooler
    ledger = campaign("F23", f"{CLIENTS} clients on two connections in transaction mode", rig.kind)
    for turn in range(trials(50, 2)):
        operations = [rig.operation(ROWS, HOMES[(turn + place) % 2]) for place in range(CLIENTS)]
        answers = at_once([lambda one=one: rig.send(one) for one in operations])
        assert {answer.status_code for answer in answers} <= {201, 503}, [answer.text for answer in answers]
        for one in operations:
            assert rig.ask("/v1/statistics", one.home).status_code == 200
            ledger.tried(answered=one.end == "ok", stored=properties.whole(rig, one))
        rig.settle()
    properties.check(rig)


def test_a_killed_pooler_is_found_again(through_pooler, campaign):
    rig, pooler = through_pooler
    ledger = campaign("F23", "the pooler is killed while a submission is stored", rig.kind)
    for place in range(trials(25, 2)):
        operation = rig.operation(ROWS * 20)
        sending = threading.Thread(target=rig.send, args=(operation,))
        sending.start()
        time.sleep(0.04 * (place % 8))
        pooler.stop(killed=True)
        sending.join(PATIENCE)
        assert set(operation.statuses) <= {201, 503}, operation.statuses
        answered, stored = operation.end == "ok", properties.whole(rig, operation)
        pooler.start()
        began = time.monotonic()
        rig.settle()
        seconds = time.monotonic() - began
        assert seconds < RECOVERY_SECONDS, "P8"
        ledger.tried(answered=answered, stored=stored, recovered=seconds)
    properties.check(rig)
