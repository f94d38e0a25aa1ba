"""Headings and texts of the forms in every language."""

import ast
import io
import json
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo

from service.forms.catalogue import FORMS
from service.forms.languages import LANGUAGES, fold, heading, headings, negotiate, worded
from service.forms.messages import po_path, read, sayings, texts
from service.wording import Message, listing, say

SERVICE = Path(__file__).parents[2] / "service"
NEEDED = texts()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_translated_and_none_is_left_over(lang: str) -> None:
    catalogue = read(lang)
    found = {(str(message.id), message.context): str(message.string) for message in catalogue if message.id}
    assert found.keys() == NEEDED.keys(), "run `make translations`"
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


def test_a_message_is_english_text_that_can_be_said_in_a_language() -> None:
    message = say("At most {longest} characters; these are {count}.", longest=3, count=5)
    assert message == "At most 3 characters; these are 5."
    assert worded(message, "en") == str(message)
    assert worded(message, "de") == "Höchstens 3 Zeichen; hier sind es 5."
    assert worded("Plain text", "de") == "Plain text"


def test_a_message_within_a_message_is_said_too_and_outlives_being_kept() -> None:
    found = [("a", say("A value is needed here.")), ("b", say("It may not be below {lowest}.", lowest=0))]
    message = listing([*found, *found])
    assert message == "a: A value is needed here.; b: It may not be below 0.; a: A value is needed here.; and 1 more"
    in_german = "a: Hier wird ein Wert gebraucht.; b: Der Wert darf nicht unter 0 liegen.; "
    for one in (message, Message.kept(message, json.loads(json.dumps(message.parts())))):
        assert worded(one, "de") == in_german + "a: Hier wird ein Wert gebraucht.; und 1 weitere"


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        "text",
        ["", {}],
        ["{text.__class__:>9999999999}", {"text": "x"}],
        ["At most {longest} characters; these are {count}.", {}],
        ["{seconds:g}", {"seconds": [1]}],
        ["The file was not read within {seconds:g} seconds: hand it in in parts, or as CSV.", {"seconds": "soon"}],
    ],
)
def test_parts_that_make_no_sense_leave_the_english_text(parts: Any) -> None:
    assert worded(Message.kept("A text", parts), "de") == "A text"


def test_what_code_says_is_written_out_where_it_is_said() -> None:
    for path in SERVICE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        of_wording = any(isinstance(node, ast.ImportFrom) and node.module == "service.wording" for node in tree.body)
        if of_wording:
            assert None not in list(sayings(tree)), path
