"""The child process: however it ends and whatever it writes, rows or a refusal come of it, and nothing stays behind."""

import errno
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter

from service.errors import BadBody, KontorError, Problem, RowsRefused, TooLarge
from service.forms import kinds, sandbox
from service.forms.child import refusal
from service.forms.declaration import Column, Form
from service.forms.limits import Limits
from service.forms.sheets import read_sheet
from service.forms.text_batches import PIECE_PROBLEMS, TextWriter
from service.wording import say

FORM = Form("sample", "Sample", "", (Column("code", kinds.CODE, ""), Column("amount", kinds.MONEY, "")), ("code",))
DAMAGED = "The file is damaged, or it is not of the format that its content type promises."
MEMORY = "The file needs more memory to be read than the service gives: hand it in in parts, or as CSV."
STOPPED = "The file took too much time or memory to be read: hand it in in parts, or as CSV."
SLOW = "The file was not read within {} seconds: hand it in in parts, or as CSV."


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files: every test leaves it empty."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good workbook that takes more than a second to read."""
    path = tmp_path_factory.mktemp("book") / "book.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "amount"])
        for row in range(1, 150_001):
            sheet.write_row(row, 0, [f"C-{row}", row / 100])
    return path


def child(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Another program in the child's place: it finds the folder in `folder`."""
    start = f"import os, sys, pathlib, signal; folder = pathlib.Path(sys.argv[1]); {code}"
    monkeypatch.setattr(sandbox, "COMMAND", (sys.executable, "-I", "-c", start))


def refused(limits: Limits | None = None, path: Path = Path("book")) -> tuple[type[KontorError], str]:
    with pytest.raises(KontorError) as caught:
        list(read_sheet(path, FORM, {}, limits=limits or Limits()).batches)
    return type(caught.value), caught.value.detail


def test_rows_come_and_no_file_stays(workbook: Path, temporary: Path) -> None:
    reading = read_sheet(workbook, FORM, {})
    assert list(temporary.iterdir()) == []
    assert sum(batch.received for batch in reading.batches) == 150_000


@pytest.mark.parametrize(
    "limits,kind,detail",
    [
        (Limits(cpu_seconds=1), TooLarge, STOPPED),
        (Limits(wall_seconds=0.3), TooLarge, SLOW.format("0.3")),
    ],
)
def test_limits_end_the_child(workbook: Path, temporary: Path, limits: Limits, kind: type, detail: str) -> None:
    begun = time.monotonic()
    assert refused(limits, workbook) == (kind, detail)
    assert time.monotonic() - begun < 20
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "error,kind,detail",
    [
        (MemoryError(), "TooLarge", MEMORY),
        (pa.ArrowMemoryError(), "TooLarge", MEMORY),
        (OSError(errno.EFBIG, "File too large"), "TooLarge", "The file holds more than the service unpacks."),
        (OSError(errno.ENOENT, "secret"), "BadBody", DAMAGED),
        (KeyError("secret"), "BadBody", DAMAGED),
        (SystemExit(), "BadBody", DAMAGED),
        (BadBody(say("Mine.")), "BadBody", "Mine."),
    ],
)
def test_errors_are_reported_in_our_words(error: BaseException, kind: str, detail: str) -> None:
    report = refusal(error)
    assert (report["refused"], report["detail"]) == (kind, detail)
    assert report["said"] == [detail, {}]


@pytest.mark.parametrize(
    "code,kind,detail",
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", TooLarge, STOPPED),
        ("os.kill(os.getpid(), signal.SIGXCPU)", TooLarge, SLOW.format(30)),
        ("os.abort()", TooLarge, MEMORY),
        ("os.kill(os.getpid(), signal.SIGSEGV)", BadBody, DAMAGED),
        ("sys.exit(3)", BadBody, DAMAGED),
        ("raise MemoryError", BadBody, DAMAGED),
        ("pass", BadBody, DAMAGED),
        ("print('garbage')", BadBody, DAMAGED),
        ("print('[1]')", BadBody, DAMAGED),
        ("print('{}')", BadBody, DAMAGED),
        ("sys.stdout.buffer.write(bytes(range(256)))", BadBody, DAMAGED),
        ("print('[' * 200_000)", BadBody, DAMAGED),
        ("print(' ' * 10_000_000)", BadBody, DAMAGED),
        ("""print('{"refused": "KeyError", "detail": "x"}')""", BadBody, DAMAGED),
        ("""print('{"refused": "RowsRefused", "problems": [{"a": 1}], "total": 1}')""", BadBody, DAMAGED),
        ("""print('{"refused": ["x"]}')""", BadBody, DAMAGED),
        ("""print('{"names": ["code"], "row": "x", "sheet": "A", "received": 1}')""", BadBody, DAMAGED),
        ("""print('{"names": ["code"], "row": 1, "sheet": "A", "letters": 1, "received": 1}')""", BadBody, DAMAGED),
        ("""print('{"names": ["code"], "row": 1, "sheet": "A", "received": 1}')""", BadBody, DAMAGED),
    ],
)
def test_whatever_the_child_does(
    monkeypatch: pytest.MonkeyPatch, temporary: Path, code: str, kind: type, detail: str
) -> None:
    child(monkeypatch, code)
    assert refused() == (kind, detail)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"", b"garbage", bytes(range(256)) * 50, b"\xff\xff\xff\xff\x10\x00\x00\x7f" + bytes(40)]
)
def test_rows_that_are_no_rows(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    report = """print('{"names": ["code"], "row": 1, "sheet": "A", "received": 1}')"""
    child(monkeypatch, f"(folder / 'rows.arrow').write_bytes({content!r}); {report}")
    assert refused() == (BadBody, DAMAGED)


def test_a_child_without_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child(monkeypatch, f"pathlib.Path({str(told)!r}).write_text(str(os.getpid())); import time; time.sleep(60)")
    assert refused(Limits(wall_seconds=0.5)) == (TooLarge, SLOW.format(0.5))
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_the_child_is_told_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_SECRET", "secret")
    report = "{'refused': 'BadBody', 'detail': ' '.join(sorted(os.environ)) + repr(sys.stdin.read())}"
    child(monkeypatch, f"import json; print(json.dumps({report}))")
    kind, detail = refused()
    assert kind is BadBody
    assert detail.endswith("''")
    assert set(detail[:-2].split()) == set(sandbox.ENVIRONMENT) | ({"LC_CTYPE"} & set(detail[:-2].split()))


def test_the_child_binds_itself(tmp_path: Path) -> None:
    code = (
        "import json, resource; from service.forms.child import confine; from service.forms.limits import Limits; "
        "confine(Limits()); names = ['AS', 'CPU', 'CORE', 'NOFILE', 'FSIZE']; "
        "print(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + name)) for name in names]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)
    mebibyte = 1 << 20
    bounds = [512 * mebibyte, 30, 0, 32, 1024 * mebibyte]
    assert json.loads(done.stdout) == [[bound, bound] for bound in bounds]


def test_the_child_starts_with_little() -> None:
    code = (
        "import sys; import service.forms.child, service.forms.sheet_cells, service.forms.parquet_cells; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"fastapi", "sqlalchemy", "sqlmodel", "pandas", "pydantic", "babel", "openpyxl", "httpx"}
    assert heavy.isdisjoint(done.stdout.split())


def test_problems_come_in_pieces_beside_their_rows(tmp_path: Path) -> None:
    count = PIECE_PROBLEMS * 3
    path = tmp_path / "rows"
    problems = [Problem(row, "code", "wrong_type", say("No."), "x") for row in range(1, count + 1)]
    with TextWriter(path, ["code"], 1 << 30) as writer:
        writer.write(pa.array(range(1, count + 1), pa.int64()), {"code": pa.nulls(count, pa.string())}, problems)
    found: list[Any] = list(sandbox.batches(sandbox.Answer({}, pa.OSFile(str(path), "rb"))))
    assert len(found) == 4
    for batch in found:
        assert [problem.row for problem in batch.problems] == batch.rows.to_pylist()
    assert [problem for batch in found for problem in batch.problems] == problems


def test_a_refusal_of_rows_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(2, "code", "wrong_type", say("No."), "x")
    report = {"refused": "RowsRefused", "problems": [problem.as_dict()], "total": 7}
    child(monkeypatch, f"print({json.dumps(report)!r})")
    with pytest.raises(RowsRefused) as caught:
        read_sheet(Path("book"), FORM, {})
    assert (caught.value.problems, caught.value.total) == ([problem], 7)


def test_the_parent_stays_small(workbook: Path) -> None:
    """It holds one batch at a time."""
    assert sum(batch.received for batch in read_sheet(workbook, FORM, {}).batches) == 150_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = [
        sum(column.nbytes for column in batch.columns.values()) for batch in read_sheet(workbook, FORM, {}).batches
    ]
    assert max(sizes) < 8 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10
