"""Puts together what Sphinx reads: the pages that people write, and the reference that the declarations write.

`python docs/site/pages.py FOLDER` fills a folder with all of it.
"""

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import yaml

from service.api.remedies import REMEDIES
from service.errors import kinds
from service.forms.catalogue import FORMS
from service.method.indicators import INDICATORS
from service.settings import Settings

ROOT = Path(__file__).parents[2]
FROM_ROOT: Mapping[str, str] = {
    "README.md": "start.md",
    "SECURITY.md": "security-policy.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""Pages that stand where newcomers look for them → their names in the site."""
BESIDE = ("openapi/kontor.v1.yaml", "examples/webhook_receiver.py", "docs/bi_role.sql", "docs/lines_by_year.sql")
"""Files that pages lead to."""


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    listed = [tuple(heads)]
    listed.append(tuple("---" for _ in listed[0]))
    listed += [tuple(" ".join(str(cell).replace("|", "\\|").split()) for cell in row) for row in rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in listed)


def settings() -> str:
    """Every setting, with its default."""
    rows = [
        (f"`KONTOR_{name.upper()}`", field.description, "" if field.default is None else f"`{field.default}`")
        for name, field in Settings.model_fields.items()
    ]
    return "# Settings\n\nEnvironment variables.\n\n" + table(("variable", "meaning", "default"), rows)


def forms() -> str:
    """Every column of every form."""
    text = "# Forms\n\nA template in each language: `GET /v1/forms/{form}/template.xlsx`.\n"
    for form in FORMS.values():
        rows = [
            (f"`{one.name}`", one.kind.name, "yes" if one.required else "", one.unit, one.meaning)
            for one in form.columns
        ]
        text += f"\n## {form.name}\n\n{form.meaning}\n\n"
        text += table(("column", "kind", "required", "unit", "meaning"), rows)
    return text


def indicators() -> str:
    """Every indicator, with the formula that runs."""
    rows = [(f"`{one.id}`", one.name, one.unit, f"`{one.formula}`", one.meaning) for one in INDICATORS.values()]
    return "# Indicators\n\n" + table(("id", "name", "unit", "formula", "meaning"), rows)


def endpoints() -> str:
    """Every operation of the contract."""
    by_tag: dict[str, list[tuple[str, str, str]]] = {}
    contract = yaml.safe_load((ROOT / BESIDE[0]).read_text(encoding="utf-8"))
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            told = by_tag.setdefault(operation["tags"][0], [])
            told.append((f"`{method.upper()} {path}`", operation["summary"], operation.get("description", "")))
    text = "# Endpoints\n\nWith their bodies and answers: `/docs` of a running service.\n"
    for tag, rows in sorted(by_tag.items()):
        text += f"\n## {tag}\n\n" + table(("operation", "summary", "meaning"), rows)
    return text


def problems() -> str:
    """Every kind of refusal, with what its cause is and what to do."""
    text = (
        "# Problems\n\nThe `type` of a refusal is `/problems/` and one of these; a running service explains it there.\n"
    )
    for slug, kind in kinds().items():
        meaning = " ".join((kind.__doc__ or "").split())
        text += f"\n## {slug}\n\n**{kind.status}, {kind.title}.** {meaning}\n\nWhat to do: {REMEDIES[slug]}\n"
    return text


REFERENCE: Mapping[str, Callable[[], str]] = {
    "endpoints": endpoints,
    "problems": problems,
    "forms": forms,
    "indicators": indicators,
    "settings": settings,
}


def gather(folder: Path) -> None:
    """Fills the folder anew."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "reference").mkdir(parents=True)
    written = {path.name: path for path in (ROOT / "docs").glob("*.md")}
    written |= {name: ROOT / own for own, name in FROM_ROOT.items()}
    for name, path in written.items():
        (folder / name).write_text(_led(path.read_text(encoding="utf-8")), encoding="utf-8")
    for name in BESIDE:
        place = folder / name.removeprefix("docs/")
        place.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, place)
    for name, write in REFERENCE.items():
        (folder / "reference" / f"{name}.md").write_text(write(), encoding="utf-8")


def _led(text: str) -> str:
    """The text with its links as they lead inside the site."""
    text = text.replace("](docs/", "](").replace("](../examples/", "](examples/")
    for own, name in FROM_ROOT.items():
        text = text.replace(f"]({own})", f"]({name})")
    return text


if __name__ == "__main__":
    from example import calculated

    gather(Path(sys.argv[1]))
    with (Path(sys.argv[1]) / "method.md").open("a", encoding="utf-8") as page:
        page.write(calculated())
