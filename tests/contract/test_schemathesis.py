"""Schemathesis against the running service: no server error, no answer that breaks the contract."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from service.access.keys import Scope, Token
from tests.conftest import Server, commanded
from tests.group import OverHttp, hand_in_group

CONTRACT = Path(__file__).parents[2] / "openapi" / "kontor.v1.yaml"
CHECKS = Path(__file__).with_name("schemathesis.toml")
MEDIA_TYPES = Path(__file__).with_name("media_types.py")
FUZZ = os.environ.get("KONTOR_FUZZ", "")
"""Seeds of `make fuzz`: many more requests, as four callers."""
SEEDS = FUZZ.split() or ["1"]
EXAMPLES, SECONDS = ("200", 600) if FUZZ else ("4", 45)


def _key(server: Server, scopes: list[Scope], subsidiaries: list[str]) -> str:
    words = [word for scope in scopes for word in ("--scope", scope.value)]
    words += [word for code in subsidiaries for word in ("--subsidiary", code)]
    return commanded(server.environment, "keys", "create", "--name", "caller", *words).stdout.strip()


@pytest.fixture
def unlimited(server_of, tmp_path: Path) -> Iterator[Server]:
    """A served SQLite file, whose callers may ask as often as they like."""
    quotas = {"KONTOR_WRONG_KEYS_PER_MINUTE": "0", "KONTOR_REQUESTS_PER_MINUTE": "0", "KONTOR_ROWS_PER_MINUTE": "0"}
    with server_of(f"sqlite:///{tmp_path}/served.db", **quotas) as server:
        yield server


READS = [scope for scope in Scope if scope.value.endswith(":read")]
CALLERS: dict[str, Callable[[Server], str]] = {
    "administrator": lambda server: server.key,
    "reader": lambda server: _key(server, READS, []),
    "subsidiary": lambda server: _key(server, list(Scope), ["FR"]),
    "stranger": lambda _server: str(Token("a" * 12, "b" * 30)),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("caller", list(CALLERS) if FUZZ else ["administrator"])
def test_no_request_breaks_the_service_or_the_contract(unlimited: Server, tmp_path: Path, caller: str, seed: str):
    with httpx.Client(
        base_url=unlimited.url, headers={"Authorization": f"Bearer {unlimited.key}"}, timeout=60
    ) as client:
        hand_in_group(OverHttp(client))
    schemathesis = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CHECKS)]
    command = [*schemathesis, "run", str(CONTRACT), "--url", unlimited.url]
    limits = ["--max-examples", EXAMPLES, "--max-time", str(SECONDS), "--seed", seed, "--request-timeout", "30"]
    shown = ["--continue-on-failure", "--no-color", "--warnings", "off"]
    headers = ["-H", f"Authorization: Bearer {CALLERS[caller](unlimited)}"]
    done = subprocess.run(
        [*command, *limits, *shown, *headers],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(MEDIA_TYPES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:]
    counted = [line.strip() for line in done.stdout.splitlines() if "generated" in line]
    sys.stdout.write(f"\n{caller}, seed {seed}: {'; '.join(counted)}\n")
