"""The languages: what headings, meanings, templates, pictures and refusals say in each of them.

Message ids are the English texts, as the declarations have them. `python -m service.forms.messages` keeps the
catalogues under `translations/` in step with the declarations.
"""

import gettext
import json
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from service.forms.declaration import SUBSIDIARY, Column, Form, heading_of
from service.wording import Message

LANGUAGES: Mapping[str, str] = MappingProxyType(
    {"en": "English", "de": "Deutsch", "fr": "Français", "ru": "Русский", "pl": "Polski", "es": "Español"}
)
"""Code of each language, and its own name."""
FALLBACK = "en"
DOMAIN = "kontor"
FOLDER = Path(__file__).parent / "translations"
PAGE = Path(__file__).parents[1] / "api" / "cockpit" / "words.json"
"""The words of the page: name → English text."""
_LONGEST_HEADER = 1000


@cache
def translate(lang: str) -> Callable[[str], str]:
    """English text → the same in a language; a text that has no translation stays English."""
    catalogue = gettext.translation(DOMAIN, FOLDER, [lang])
    # The empty message id is the catalogue's own header.
    return lambda text: catalogue.gettext(text) if text else ""


def page_words(lang: str) -> dict[str, str]:
    """Name of each word of the page → the word in a language."""
    catalogue = gettext.translation(DOMAIN, FOLDER, [lang])
    declared = json.loads(PAGE.read_text("utf-8"))
    return {name: catalogue.pgettext(on_page(name), text) for name, text in declared.items()}


def on_page(name: str) -> str:
    """The context in which catalogues keep a word of the page: two of them may be one in English."""
    return f"page.{name}"


class _Nothing(gettext.NullTranslations):
    """Says nothing where a catalogue has no translation."""

    def gettext(self, message: str) -> str:  # noqa: ARG002
        return ""


@cache
def _templates(lang: str) -> Callable[[str], str]:
    """Template of a message → the same in a language, "" for one that is not in the catalogue."""
    catalogue = gettext.translation(DOMAIN, FOLDER, [lang])
    catalogue.add_fallback(_Nothing())
    return catalogue.gettext


def worded(text: str, lang: str) -> str:
    """A message in a language; any other text, and a message without a translation, as it is."""
    if not isinstance(text, Message) or not text.template or lang == FALLBACK:
        return str(text)
    template = _templates(lang)(text.template)
    values = {name: worded(value, lang) if isinstance(value, Message) else value for name, value in text.values.items()}
    try:
        return template.format_map(values) or str(text)
    except (LookupError, ValueError):  # kept values that are not those of the template
        return str(text)


def heading(column: Column, lang: str) -> str:
    """What stands over the column."""
    return translate(lang)(column.heading)


def fold(text: str) -> str:
    """A heading as it is compared: case, surrounding and repeated spaces make no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def headings(form: Form) -> dict[str, str]:
    """Folded heading in any language, or technical name → name of the column."""
    shown = {column.name: column.heading for column in form.columns}
    if not form.of_group:
        shown[SUBSIDIARY] = heading_of(SUBSIDIARY)
    found = {fold(translate(lang)(text)): name for lang in LANGUAGES for name, text in shown.items()}
    return found | {fold(name): name for name in shown}


def negotiate(asked: str | None) -> str:
    """The best of our languages for an `Accept-Language` or a single tag such as `de-AT`; English if none fits."""
    best, best_weight = FALLBACK, 0.0
    for part in (asked or "")[:_LONGEST_HEADER].split(","):
        tag, _, parameter = part.partition(";")
        lang = tag.strip().replace("_", "-").partition("-")[0].lower()
        weight = _weight(parameter)
        if lang in LANGUAGES and weight > best_weight:
            best, best_weight = lang, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0
