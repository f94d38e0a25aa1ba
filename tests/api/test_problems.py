"""Refusals in the language of the caller."""

import pytest

from tests.conftest import Service


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "title", "languages"),
    [
        ("", "Not found", "en"),
        ("zh, ja;q=0.5", "Not found", "en"),
        ("de-AT", "Nicht gefunden", "de, en"),
        ("fr;q=0.4, es-MX;q=0.8, en;q=0.1", "No encontrado", "es, en"),
        ("fr", "Introuvable", "fr, en"),
        ("pl", "Nie znaleziono", "pl, en"),
        ("ru, en;q=0.9", "Не найдено", "ru, en"),
    ],
)
def test_a_title_is_in_the_language_asked_for(service: Service, asked: str, title: str, languages: str) -> None:
    answer = service.client.get("/v1/subsidiaries/XX", headers={"Accept-Language": asked})
    english = service.client.get("/v1/subsidiaries/XX", headers={"Accept-Language": "en"})
    assert (answer.headers["content-language"], answer.headers["vary"]) == (languages, "Accept-Language")
    assert answer.json()["title"] == title
    kept = ("type", "status", "detail")
    assert [answer.json()[name] for name in kept] == [english.json()[name] for name in kept]
