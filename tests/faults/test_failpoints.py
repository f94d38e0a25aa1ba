"""F2: the service is killed at each of the places where that could hurt, and once more in other ways."""

import pytest

from service.failpoints import POINTS
from tests.faults import properties
from tests.faults.conftest import SHARE, trials

AT_HAND_IN = [point for point in POINTS if not point.startswith(("job_", "outbox_"))]
STORED = ("after_commit_before_response", "mid_response")
ROWS = 500
NTH = {"mid_response": 2}
"""The first answer tells that the service is ready."""


def test_killed_anywhere_a_submission_is_stored_whole_or_not_at_all(rig, campaign):
    ledger = campaign("F2", "killed at a failpoint", rig.kind)
    points = AT_HAND_IN if SHARE == 100 else AT_HAND_IN[rig.database.is_sqlite :: 2]
    for point in points:
        for _ in range(trials(25)):
            rig.replica.kill()
            rig.replica.start(f"{point}:{NTH.get(point, 1)}:exit")
            operation = rig.submit(ROWS)
            rig.replica.wait(10)
            rig.replica.start()
            stored = properties.whole(rig, operation)
            assert stored is (point in STORED), point
            ledger.tried(answered=operation.end == "ok", stored=stored, recovered=rig.settle())
    properties.check(rig)


@pytest.mark.parametrize("point", ["after_rows", "after_commit_before_response"])
def test_an_error_that_nobody_expects_leaves_no_half(rig, point):
    rig.replica.kill()
    rig.replica.start(f"{point}:1:raise")
    operation = rig.submit(ROWS)
    assert operation.statuses == [500]
    assert properties.whole(rig, operation) is (point in STORED)
    rig.settle()
    assert rig.history.faults.pop().startswith(f"{operation.key}: 500"), "the one error that was asked for"
    properties.check(rig)
