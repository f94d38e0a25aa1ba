"""Headings and texts of the forms in every language."""

import io
from typing import Any

import pytest
from babel.messages.mofile import write_mo

from service.forms.catalogue import FORMS
from service.forms.languages import LANGUAGES, fold, heading, headings, negotiate
from service.forms.messages import po_path, read, texts


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    catalogue = read(lang)
    found = {str(message.id): str(message.string) for message in catalogue if message.id}
    assert found.keys() == texts().keys(), "run `make translations`"
    assert [text for text, said in found.items() if not said] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_runs_is_what_translators_wrote(lang: str) -> None:
    out = io.BytesIO()
    write_mo(out, read(lang))
    assert po_path(lang).with_suffix(".mo").read_bytes() == out.getvalue(), "run `make translations`"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_translation_keeps_the_places_of_values(lang: str) -> None:
    for message in read(lang):
        if message.id:
            names = [part.partition("}")[0] for part in str(message.id).split("{")[1:]]
            assert sorted(names) == sorted(part.partition("}")[0] for part in str(message.string).split("{")[1:])


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.name)
def test_no_heading_means_two_columns(form: Any) -> None:
    known = headings(form)
    for lang in LANGUAGES:
        for column in form.columns:
            assert known[fold(heading(column, lang))] == column.name
    assert all(known[name] == name for name in form.accepted)


@pytest.mark.parametrize(
    ("asked", "lang"),
    [(None, "en"), ("", "en"), ("de-AT", "de"), ("xx, fr;q=0.5, pl;q=0.9", "pl"), ("de;q=x", "en"), ("zh", "en")],
)
def test_the_best_language_is_chosen(asked: str | None, lang: str) -> None:
    assert negotiate(asked) == lang
