"""What an installation consists of: locked with hashes, under licences that bind nobody who uses it."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LOCKS = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))
ALLOWED = {
    "0bsd",
    "3-clause bsd license",
    "apache-2.0",
    "apache software license",
    "bsd",
    "bsd license",
    "bsd-2-clause",
    "bsd-3-clause",
    "cc0-1.0",
    "isc",
    "isc license",
    "mit",
    "mit license",
    "mit-0",
    "mozilla public license 2.0",  # binds its own files
    "mpl-2.0",
    "psf-2.0",
    "python software foundation license",
    "unlicense",
    "zlib",
}
USED_AS_THEY_ARE = {"psycopg", "psycopg-binary"}
"""Under the LGPL, which binds who changes them."""


def _blocks(lock: Path) -> list[str]:
    """What is said of each package."""
    blocks = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8"))
    return [block for block in blocks if block.strip() and not block.startswith("#")]


def _installed(lock: Path) -> set[str]:
    """The packages of a lock that are for this platform."""
    pins = [Requirement(block.splitlines()[0].rstrip(" \\")) for block in _blocks(lock)]
    return {pin.name for pin in pins if pin.marker is None or pin.marker.evaluate()}


def _licences(name: str) -> list[str]:
    """Each word of the expression, or else each classifier, or else what the package says."""
    about = distribution(name).metadata
    expression = about.get("License-Expression")
    if expression:
        return [word for word in re.split(r"[() ]+", expression.lower()) if word not in ("", "and", "or")]
    classifiers = [
        one.rsplit(" :: ", 1)[1] for one in about.get_all("Classifier") or () if one.startswith("License ::")
    ]
    return [re.sub(r" \(.*\)$", "", one.lower()) for one in classifiers or [about.get("License") or "none"]]


def test_licences_bind_nobody_who_uses_the_service() -> None:
    names = _installed(LOCKS[0].parent / "run.txt")
    assert len(names) > 50
    found = {name: _licences(name) for name in sorted(names - USED_AS_THEY_ARE)}
    assert {name: words for name, words in found.items() if not words or set(words) - ALLOWED} == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_package_is_locked_with_its_hashes(lock: Path) -> None:
    assert _blocks(lock)
    for block in _blocks(lock):
        assert "==" in block.splitlines()[0], block
        assert "--hash=sha256:" in block, block
