"""F20: memory runs out, in the child that reads a workbook and in the service itself."""

import io
import resource
import threading
import time
from contextlib import suppress

import httpx
import psutil
import pytest
import xlsxwriter

from tests.faults import probe, properties
from tests.faults.conftest import RECOVERY_SECONDS, trials
from tests.faults.history import Operation
from tests.faults.oracle import HEADER
from tests.faults.rig import PATIENCE, Rig

ROWS, MANY = 500, 20_000


def workbook(operation: Operation, *, sparse: bool = False) -> bytes:
    """The rows of a submission; sparse: and one cell in the last corner that a sheet has."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Statistics")
        for number, row in enumerate([tuple(HEADER.strip().split(",")), *operation.rows]):
            sheet.write_row(number, 0, row)
        if sparse:
            sheet.write(1_048_575, 16_383, "x")
    return file.getvalue()


def hand_in(rig: Rig, operation: Operation, body: bytes) -> httpx.Response:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    headers = {"Authorization": f"Bearer {rig.keys['A']}", "Content-Type": kind, "Idempotency-Key": operation.key}
    url = f"{rig.replica.url}/v1/submissions/statistics?subsidiary=A&decimal=point"
    return httpx.post(url, content=body, headers=headers, timeout=PATIENCE)


def kill_child(rig: Rig) -> None:
    """As the system does when memory runs out."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for child in psutil.Process(rig.replica.process).children():
            with suppress(psutil.NoSuchProcess):
                if "service.forms.child" in child.cmdline():
                    child.kill()
                    return
        time.sleep(0.001)


@pytest.mark.parametrize("fault", ["killed while it reads", "asked for more than it may have"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_child_that_runs_out_of_memory_leaves_the_service_as_it_was(rig, campaign, fault):
    killed = fault.startswith("killed")
    rig.submit(ROWS)
    before = probe.held_by(rig.replica.process)
    ledger = campaign("F20", f"the child that reads a workbook is {fault}", rig.kind)
    for _ in range(trials(20)):
        operation = rig.operation(ROWS)
        body = workbook(operation, sparse=not killed)
        killer = threading.Thread(target=kill_child, args=(rig,))
        if killed:
            killer.start()
        answer = hand_in(rig, operation, body)
        if killed:
            killer.join()
        assert answer.status_code == 413, answer.text
        assert not properties.whole(rig, operation)
        ledger.tried(answered=False, stored=False, recovered=rig.settle())
    assert not probe.leaked(rig.replica.process, before), "P9"
    properties.check(rig)


def test_a_service_without_memory_stores_all_or_nothing(rig, campaign):
    rig.submit(ROWS)
    ledger = campaign("F20", "the service gets no more memory", rig.kind)
    for _ in range(trials(20)):
        operation = rig.operation(MANY)
        process = psutil.Process(rig.replica.process)
        before = process.rlimit(resource.RLIMIT_DATA)
        process.rlimit(resource.RLIMIT_DATA, (process.memory_info().data, before[1]))
        rig.send(operation)
        if rig.replica.alive():
            process.rlimit(resource.RLIMIT_DATA, before)
        else:
            rig.replica.start()
        answered, stored = operation.end == "ok", properties.whole(rig, operation)
        began = time.monotonic()
        rig.settle()
        ledger.tried(answered=answered, stored=stored, recovered=time.monotonic() - began)
        assert ledger.slowest < RECOVERY_SECONDS, "P8"
    properties.check(rig)
