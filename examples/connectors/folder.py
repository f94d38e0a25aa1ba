"""A folder into which a CRM drops its exports: CSV files and workbooks in the columns of Kontor's forms.

A file that was taken moves to `done/`; one that was not moves to `quarantine/` with a report beside it. Write a file
under a name that ends with `.part` and rename it when it is complete: such names are passed over.
"""

import hashlib
from pathlib import Path
from typing import Any

from handing_in import Kontor, Refused
from mapping import FORMS

KINDS = {".csv": "text/csv", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def hand_in_folder(document: dict[str, Any], kontor: Kontor) -> int:
    """Exit code 1 if a file was refused. Files are taken form by form, then by name."""
    folder = Path(document["folder"])
    refused = 0
    for form in (one for one in FORMS if one in document["read"]):
        reading = document["read"][form]
        for path in sorted(folder.glob(reading["from"])):
            if path.is_file() and path.suffix != ".part":
                refused += not _hand_in(path, form, reading.get("query", {}), kontor)
    return 1 if refused else 0


def _hand_in(path: Path, form: str, query: dict[str, str], kontor: Kontor) -> bool:
    """Whether the file was taken. The same file of the same name again gets the first answer."""
    body = path.read_bytes()
    key = hashlib.sha256(f"{form}\n{path.name}\n".encode() + body).hexdigest()
    try:
        receipt = kontor.send(form, body, KINDS.get(path.suffix.lower(), "application/octet-stream"), key, query)
    except Refused as error:
        _move(path, "quarantine").with_suffix(path.suffix + ".report.txt").write_text(f"{error}\n", encoding="utf-8")
        print(f"{path.name}: refused")
        return False
    _move(path, "done")
    print(f"{path.name}: added {receipt['added']}, corrected {receipt['corrected']}, unchanged {receipt['unchanged']}")
    return True


def _move(path: Path, name: str) -> Path:
    """Where it lies now; a file of the same name there gives way."""
    target = path.parent / name / path.name
    target.parent.mkdir(exist_ok=True)
    return path.replace(target)
