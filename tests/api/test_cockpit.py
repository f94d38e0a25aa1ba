"""The files of the page: what they may reach, and that every language has every word."""

import re

import pytest

from service.api import cockpit
from tests.conftest import Service

LANGUAGES = ("en", "de", "fr", "es", "pl", "ru")
WORDS = cockpit._FILES["words.js"].decode()
SAID = re.compile(r'say\("(\w+)"|data-word="(\w+)"')


def words(language: str) -> dict[str, str]:
    block = re.search(rf"const {language} = \{{\n(.*?)\n\}};", WORDS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r'(\w+): "([^"]*)"', block[1]))


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word_with_the_same_places(language: str) -> None:
    english, own = words("en"), words(language)
    assert own.keys() == english.keys()
    for word, text in own.items():
        assert text.strip(), word
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english[word])), word


def test_every_word_that_is_said_is_there() -> None:
    scripts = b"\n".join(content for name, content in cockpit._FILES.items() if name != "words.js").decode()
    said = {one or other for one, other in SAID.findall(scripts)}
    assert said - words("en").keys() == set()
