"""The commands of the documentation, page by page in one shell, against a served group."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import Server
from tests.group import OverHttp, hand_in_subsidiary

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"^\s*(?:ask|curl|docker|export|helm|kontor|make|opentelemetry-\w+|pip|psql|\.venv/bin/\w+)\b", re.MULTILINE
)
NOT_RUN = "# Not tried by the tests: "
ADDRESSES = ("http://127.0.0.1:8000", "https://kontor.example.com")
OPENING = """set -euo pipefail
shopt -s expand_aliases
curl() { command curl --fail-with-body --silent --show-error "$@"; }
"""
LEFT_TO_OPERATORS = 6
"""Blocks that name a reason why no test runs them."""


def blocks(page: Path) -> Iterator[str]:
    """Fenced blocks that hold commands."""
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language in ("", "sh") and COMMAND.search(text):
            assert language == "sh", f"{page.name}: mark the block as sh\n{text}"
            yield text


def script(page: Path, url: str) -> str:
    """All of a page that can be run, for this service; what it starts itself is there already."""
    text = "\n".join(block for block in blocks(page) if not block.startswith(NOT_RUN))
    for address in ADDRESSES:
        text = text.replace(address, url)
    text = text.replace("make serve\n", "").replace(".venv/bin/kontor", f"{ROOT}/.venv/bin/kontor")
    return OPENING + text


def play(page: Path, server: Server, folder: Path) -> str:
    environment = server.environment | {"KEY": server.key, "URL": server.url}
    done = subprocess.run(
        ["bash", "-c", script(page, server.url)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{page.name}: {done.stderr}\n{done.stdout[-2000:]}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a controller keeps the file of March."""
    lines = "period;customer;orders;revenue;margin\n2026-03;PL-C1;1;100,50;30,00\n"
    (tmp_path / "march.csv").write_text(lines, encoding="windows-1250")
    return tmp_path


def test_the_readme_does_what_it_says(server: Server, folder: Path) -> None:
    said = play(PAGES[0], server, folder)
    assert '"received":4,"accepted":4,"added":4,"corrected":0,"unchanged":0' in said
    assert '"segment":"GROW"' in said


def test_every_command_of_the_guides_is_answered(server: Server, folder: Path) -> None:
    headers = {"Authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        service = OverHttp(client)
        for code in ("DE", "PL"):
            hand_in_subsidiary(service, code, "EUR")
            sold = {"period": "2026-02", "customer": f"{code}-C1", "orders": 1, "revenue": "9"}
            service.submit("statistics", [sold], subsidiary=code)
            service.post("/v1/segmentations", {"subsidiary": code})
        seller = {"code": "S-1", "name": "Seller", "start": "2020-01-01"}
        service.submit("salespeople", [seller], subsidiary="PL")
        service.post("/v1/plans", {"subsidiary": "DE", "window_last": "2025-12"})
    for page in PAGES[1:]:
        play(page, server, folder)


def test_what_is_left_to_operators_says_why() -> None:
    found = [block for page in PAGES for block in blocks(page) if block.startswith(NOT_RUN)]
    assert all(len(block.partition("\n")[0]) > len(NOT_RUN) + 5 for block in found)
    assert len(found) == LEFT_TO_OPERATORS, "\n".join(block.partition("\n")[0] for block in found)
