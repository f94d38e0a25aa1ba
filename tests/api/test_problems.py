"""Refusals, receipts and what is kept of them in the language of the caller."""

import time
from typing import Any

import pytest

from tests.conftest import Service

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LINES = [{"period": "2025-04", "revenue": "7"}, {"period": "2025-13", "revenue": "1"}]
IN_ENGLISH = "'2025-13' is not a month: write YYYY-MM, as in 2026-03."
IN_GERMAN = "'2025-13' ist kein Monat: Schreiben Sie JJJJ-MM, wie 2026-03."
IN_FRENCH = "'2025-13' n’est pas un mois : écrivez AAAA-MM, comme 2026-03."


@ONE
@pytest.mark.parametrize(
    ("asked", "title", "lang"),
    [
        ("", "Not found", "en"),
        ("zh, ja;q=0.5", "Not found", "en"),
        ("de-AT", "Nicht gefunden", "de"),
        ("fr;q=0.4, es-MX;q=0.8, en;q=0.1", "No encontrado", "es"),
        ("fr", "Introuvable", "fr"),
        ("pl", "Nie znaleziono", "pl"),
        ("ru, en;q=0.9", "Не найдено", "ru"),
    ],
)
def test_a_title_is_in_the_language_asked_for(service: Service, asked: str, title: str, lang: str) -> None:
    answer = service.client.get("/v1/subsidiaries/XX", headers={"Accept-Language": asked})
    english = service.client.get("/v1/subsidiaries/XX", headers={"Accept-Language": "en"})
    assert (answer.headers["content-language"], answer.headers["vary"]) == (lang, "Accept-Language")
    assert answer.json()["title"] == title
    assert [answer.json()[name] for name in ("type", "status")] == [english.json()[name] for name in ("type", "status")]


@ONE
def test_what_to_do_about_a_refusal_is_said_in_the_language_asked_for(service: Service) -> None:
    english, german = (
        service.client.get("/problems", headers={"Accept-Language": lang}) for lang in ("en", "de-AT, en;q=0.5")
    )
    assert (german.headers["content-language"], german.headers["vary"]) == ("de", "Accept-Language")
    for ours, theirs in zip(english.json(), german.json(), strict=True):
        for same in ("slug", "status", "meaning"):
            assert ours[same] == theirs[same]
        for said in ("title", "remedy"):
            assert ours[said] != theirs[said], ours["slug"]
        one = service.client.get(f"/problems/{ours['slug']}", headers={"Accept-Language": "de"})
        assert (one.json(), one.headers["content-language"]) == (theirs, "de")


def submit(service: Service, lang: str, **headers: str) -> Any:
    mode = "all" if not headers else "valid"
    return service.client.post(
        "/v1/submissions/statistics",
        params={"subsidiary": "DE", "mode": mode},
        json=LINES,
        headers={"Accept-Language": lang, **headers},
    )


def test_what_was_refused_is_told_in_the_language_of_who_reads_it(service: Service) -> None:
    service.client.put("/v1/subsidiaries/DE", json={"name": "Deutschland", "country": "DE", "currency": "EUR"})
    refused = submit(service, "de")
    assert refused.json()["detail"] == "1 Problem in 2 Zeilen. Nichts wurde gespeichert."
    assert refused.json()["errors"][0]["message"] == IN_GERMAN
    receipt = submit(service, "de", **{"Idempotency-Key": "k"})
    assert (receipt.headers["content-language"], receipt.headers["vary"]) == ("de", "Accept-Language")
    assert [one["message"] for one in receipt.json()["problems"]] == [IN_GERMAN]
    again = submit(service, "fr", **{"Idempotency-Key": "k"})
    assert (again.content, "content-language" in again.headers) == (receipt.content, False)
    for lang, said in (("fr", IN_FRENCH), ("en", IN_ENGLISH), ("zh", IN_ENGLISH)):
        kept = service.client.get(f"/v1/submissions/{receipt.json()['id']}/problems", headers={"Accept-Language": lang})
        assert [one["message"] for one in kept.json()["items"]] == [said]
        assert kept.headers["vary"] == "Accept-Language"


def test_a_job_that_was_refused_says_why_in_the_language_of_who_asks(service: Service) -> None:
    service.client.put("/v1/subsidiaries/DE", json={"name": "Deutschland", "country": "DE", "currency": "EUR"})
    query, headers = {"subsidiary": "DE"}, {"Prefer": "respond-async"}
    job = service.client.post("/v1/submissions/statistics", params=query, json=LINES, headers=headers).json()["id"]
    for _ in range(200):
        found = service.client.get(f"/v1/jobs/{job}", headers={"Accept-Language": "fr"})
        if found.json()["status"] == "refused":
            break
        time.sleep(0.05)
    assert found.json()["problem_detail"] == "1 problème dans 2 lignes. Rien n’a été enregistré."
    assert [one["message"] for one in found.json()["errors"]] == [IN_FRENCH]
    assert found.headers["content-language"] == "fr"
    assert service.get(f"/v1/jobs/{job}")["errors"][0]["message"] == IN_ENGLISH


@ONE
def test_what_does_not_fit_the_contract_is_told_in_the_language(service: Service) -> None:
    answer = service.client.put("/v1/subsidiaries/DE", json={"name": 1, "more": 2}, headers={"Accept-Language": "ru"})
    found = {one["column"]: one["message"] for one in answer.json()["errors"]}
    assert (found["name"], found["country"]) == ("Ожидается текст", "Это поле обязательно")
    assert answer.json()["detail"].startswith("name: Ожидается текст; ")


@ONE
def test_the_framework_and_clients_of_odata_are_answered_in_the_language(service: Service) -> None:
    nowhere = service.client.get("/v1/nowhere", headers={"Accept-Language": "de"})
    assert nowhere.json()["detail"] == "Unter dieser Adresse gibt es nichts"
    answer = service.client.get("/odata/v1/Nothing", headers={"Accept-Language": "de"}).json()
    assert answer["error"] == {"code": "not-found", "message": answer["detail"]}
