"""The pages of the site: nothing that is declared lacks an explanation, and no page lacks a place."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from service.api.remedies import REMEDIES
from service.errors import kinds
from service.forms.catalogue import FORMS
from service.method.indicators import INDICATORS
from service.settings import Settings

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.safe_load((ROOT / "openapi" / "kontor.v1.yaml").read_text(encoding="utf-8"))
NAMES = {
    "settings": [f"KONTOR_{name.upper()}" for name in Settings.model_fields],
    "forms": [column.name for form in FORMS.values() for column in form.columns],
    "indicators": list(INDICATORS),
    "endpoints": [f"{method.upper()} {path}" for path, methods in CONTRACT["paths"].items() for method in methods],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "site" / "pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    place = tmp_path_factory.mktemp("site") / "docs"
    pages.gather(place)
    return place


@pytest.mark.parametrize("page", NAMES)
def test_all_that_is_declared_is_explained(folder: Path, page: str) -> None:
    text = (folder / "reference" / f"{page}.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if "| `" in line
    ]
    assert sorted(row[0].strip("`") for row in rows) == sorted(NAMES[page])
    explained = {"settings": 1, "forms": 4, "indicators": 4, "endpoints": 2}[page]
    assert [row[0] for row in rows if not row[explained]] == []


def test_every_refusal_says_what_to_do(folder: Path) -> None:
    assert REMEDIES.keys() == kinds().keys()
    text = (folder / "reference" / "problems.md").read_text(encoding="utf-8")
    for slug, remedy in REMEDIES.items():
        assert f"\n## {slug}\n" in text
        assert f"What to do: {remedy}" in text
        assert remedy.endswith(".")


def test_every_page_has_a_place_and_every_place_a_page(folder: Path) -> None:
    pages = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.md")} - {"index"}
    trees = re.findall(r"\{toctree\}\n(?::.*\n)*\n((?:\S+\n)+)```", (folder / "index.md").read_text(encoding="utf-8"))
    listed = [name for tree in trees for name in tree.split()]
    assert sorted(listed) == sorted(pages)
