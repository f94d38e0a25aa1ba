"""Keeps the catalogues of the languages in step with what forms declare, and what the code says to people.

`python -m service.forms.messages` adds texts that are new, without a translation, and compiles. It takes none away:
what no form declares any more is only counted.
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from service.errors import kinds
from service.forms.catalogue import FORMS
from service.forms.declaration import SUBSIDIARY, Form, heading_of
from service.forms.languages import DOMAIN, FALLBACK, FOLDER, LANGUAGES, PAGE, on_page

Text = tuple[str, str | None]
"""An English text, and the context in which a catalogue keeps it, if any."""


def texts() -> dict[Text, str]:
    """Every text that needs a translation → where it is said."""
    said: dict[Text, str] = {(text, None): where for text, where in _without_context().items()}
    words = json.loads(PAGE.read_text("utf-8"))
    return said | {(text, on_page(name)): "page" for name, text in words.items()}


def _without_context() -> dict[str, str]:
    found: dict[str, str] = {heading_of(SUBSIDIARY): "every form"}
    for form in FORMS.values():
        for text in declared(form):
            found.setdefault(text, f"form {form.name}")
    for text, where in _phrases():
        found.setdefault(text, where)
    for slug, kind in kinds().items():
        found.setdefault(kind.title, f"title of the problem {slug}")
    return found


def declared(form: Form, *, with_meanings: bool = True) -> Iterator[str]:
    """Texts of a form: title and headings, and what they mean."""
    yield form.title
    yield from (column.heading for column in form.columns)
    yield from (column.unit for column in form.columns if column.unit)
    if with_meanings:
        yield form.meaning
        yield from (column.meaning for column in form.columns)


def po_path(lang: str) -> Path:
    return FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(lang: str) -> Catalog:
    """The catalogue as translators keep it."""
    with po_path(lang).open("rb") as file:
        return read_po(file, locale=lang, domain=DOMAIN)


def update(lang: str) -> str:
    """Adds new texts, compiles, and says what is left to do."""
    catalogue, needed = read(lang), texts()
    for (text, context), where in needed.items():
        if catalogue.get(text, context) is None:
            catalogue.add(text, text if lang == FALLBACK else "", auto_comments=[where], context=context)
    with po_path(lang).open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True)
    with po_path(lang).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    missing = sum(not message.string for message in catalogue if message.id)
    unused = sum((str(message.id), message.context) not in needed for message in catalogue if message.id)
    return f"{lang}: {missing} to translate, {unused} not declared"


def _phrases() -> Iterator[tuple[str, str]]:
    """What the code passes to `say`: in refusals, templates and pictures; and the module."""
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        text = path.read_text("utf-8")
        if "say(" in text or "BadValue(" in text:
            module = str(path.relative_to(package.parent).with_suffix(""))
            yield from ((said, module) for said in sayings(ast.parse(text)) if said is not None)


def sayings(tree: ast.AST) -> Iterator[str | None]:
    """The template of each call of `say` or `BadValue`; None where it is not written out."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("say") | ast.Attribute(attr="say"), args=[ast.Constant(str(text)), *_]):
                yield text
            case ast.Call(func=ast.Name("BadValue"), args=[_, ast.Constant(str(text))]):
                yield text
            case ast.Call(func=ast.Name("say" | "BadValue") | ast.Attribute(attr="say")):
                yield None


if __name__ == "__main__":
    sys.stdout.writelines(f"{update(lang)}\n" for lang in LANGUAGES)
