"""The page about security names tests; each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    files = [file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py")]
    defined = set(re.findall(r"^def (test_\w+)", "\n".join(files), re.MULTILINE))
    assert len(named) > 30
    assert named - defined == set()


def test_every_line_of_its_tables_has_a_wall_a_test_and_a_result() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    titles = [row for row in rows if "test" in row]
    assert len(titles) == 4
    for row in rows:
        assert len(row) == 4, row
        assert all(row), row
        assert row in titles or any(re.search(r"`test_\w+`", cell) for cell in row), row
    for risk in range(1, 11):
        assert sum(row[0].startswith(f"API{risk} ") for row in rows) == 1, risk
