"""The files of the page: what they may reach, and where its words come from."""

import json
import re

import pytest

from service.api import cockpit
from service.forms.languages import LANGUAGES, page_words
from tests.conftest import Service

SAID = re.compile(r'say\("(\w+)"|data-word="(\w+)"')


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_page_needs_no_key_and_may_reach_nothing_but_its_service(service: Service) -> None:
    page = service.client.get("/", headers={"Authorization": ""})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for name in re.findall(r'"(/cockpit/[^"]+)"', page.text):
        assert service.client.get(name).status_code == 200, name
    answer = service.client.get("/cockpit/secrets.py")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_no_file_names_an_address_outside() -> None:
    outside = {
        name: found
        for name, content in cockpit._FILES.items()
        if (found := set(re.findall(rb"https?://[^\s\"'`]+", content)) - {b"http://www.w3.org/2000/svg"})
    }
    assert outside == {}


def test_the_page_has_the_words_of_every_catalogue() -> None:
    names, words = cockpit._FILES["catalogues.js"].decode().splitlines()
    assert json.loads(names.removeprefix("export const NAMES = ").removesuffix(";")) == LANGUAGES
    found = json.loads(words.removeprefix("export const LANGUAGES = ").removesuffix(";"))
    assert found == {lang: page_words(lang) for lang in LANGUAGES}
    assert (found["en"]["plan"], found["de"]["skip"], found["ru"]["back"]) == ("Plan", "Zum Inhalt", "Назад")


def test_every_word_that_is_said_is_there() -> None:
    scripts = b"\n".join(content for name, content in cockpit._FILES.items() if name != "catalogues.js").decode()
    said = {one or other for one, other in SAID.findall(scripts)}
    assert said - page_words("en").keys() == set()
