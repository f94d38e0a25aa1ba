"""Pictures over HTTP: the figures of the answers they show, in every format and language, and links without a key."""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from pydantic import SecretStr

from service.access.keys import Scope, Token
from service.app import create_app
from service.charts import drawing
from service.charts.drawing import Artist
from service.charts.look import Look, picture
from service.charts.segmentation import Placed, Ranked, abc_curve, potential_map
from service.errors import NotImplementedHere, Unavailable
from service.forms.languages import LANGUAGES
from service.settings import Settings
from tests.conftest import Service
from tests.group import hand_in_group

CHARTS = [
    *(f"segmentations/DE.1/charts/{name}" for name in ("abc-curve", "potential-map", "migration", "revenue-bridge")),
    *(f"plans/DE.1/charts/{name}" for name in ("attainment", "blocks", "levers")),
    "resource-requirements/DE.1/charts/workload",
    "comparisons/charts/comparison",
]
ABC = "/v1/segmentations/DE.1/charts/abc-curve.svg"
LINK = "/v1/chart-links"


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    return service


def spec(service: Service, chart: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = service.get(f"/v1/{chart}.json", **query)
    return found


def rows(service: Service, chart: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec(service, chart, **query)["data"]["values"]
    return found


def test_the_figures_are_those_of_the_answers(group: Service) -> None:
    migration = group.get("/v1/segmentations/DE.1/migration")
    steps = {row["step"]: row for row in rows(group, CHARTS[3])}
    ends = [steps["Window before"]["to"], steps["This window"]["to"]]
    assert ends == [float(migration["bridge"][name]) for name in ("start", "end")]
    assert steps["Credit notes"]["to"] == ends[1]
    moved = sum(int(row["shown"]) for row in rows(group, CHARTS[2]))
    customers = group.get("/v1/segmentations/DE.1/customers")["items"]
    assert moved == len(customers)
    placed = {row["label"]: row for row in rows(group, CHARTS[1])}
    assert {one["customer"] for one in customers} == set(placed)
    assert {one["customer"]: one["effective_segment"] for one in customers} == {
        name: row["segment"] for name, row in placed.items()
    }
    buyers = [one for one in customers if Decimal(one["value"]) > 0]
    curve = rows(group, CHARTS[0])
    assert (curve[0]["x"], curve[0]["y"], curve[-1]["x"], curve[-1]["y"]) == (0, 0, 1, 1)
    assert [row["tip"].partition(" ")[0] for row in curve if row["ends"]][-1] == str(len(buyers))


def test_a_plan_is_drawn_as_it_is_told(group: Service) -> None:
    plan = group.get("/v1/plans/DE.1")
    blocks = rows(group, "plans/DE.1/charts/blocks")
    assert blocks[-2]["to"] == pytest.approx(float(plan["revenue"]))
    assert blocks[-1]["to"] == float(plan["revenue"])
    lever = {"lever": "leads", "operation": "multiply", "value": 2}
    scenario = group.post("/v1/plans", {"subsidiary": "DE", "levers": [lever, lever]})
    levers = rows(group, f"plans/{scenario['id']}/charts/levers")
    assert [levers[0]["to"], levers[-1]["to"]] == [float(plan["revenue"]), float(scenario["revenue"])]
    assert levers[-2]["to"] == pytest.approx(levers[-1]["to"])
    assert [row["step"] for row in levers[1:-1]] == ["leads", "leads (2)"]
    months = rows(group, "plans/DE.1/charts/attainment")
    assert len(months) == 12
    assert months[-1]["planned"] == float(plan["revenue"])
    assert all(row["p10"] <= row["planned"] + 1 <= row["p90"] + 2 for row in months)
    assert "actual" not in months[0]
    group.submit("statistics", [{"period": "2026-01", "revenue": "500"}], subsidiary="DE")
    assert rows(group, "plans/DE.1/charts/attainment")[0]["actual"] == 500
    hours = rows(group, "resource-requirements/DE.1/charts/workload")
    staffing = group.get("/v1/resource-requirements/DE.1/staffing")["months"]
    assert [row["hours"] for row in hours] == [float(one["hours"]) for one in staffing]
    compared = rows(group, "comparisons/charts/comparison", indicator="retention")
    teams = rows(group, "comparisons/charts/comparison", indicator="retention", of="team")
    assert sorted(row["unit"] for row in teams) == ["DE · T", "FR · T"]
    told = group.get("/v1/comparisons", indicators="retention")["items"]
    assert {row["unit"]: row["value"] for row in compared} == {one["subsidiary"]: float(one["value"]) for one in told}


def test_every_picture_is_drawn_in_every_language_and_format() -> None:
    """What is drawn does not depend on the database; one process draws all."""
    app = create_app(Settings(database_url=SecretStr("sqlite://")))
    customers = [Ranked("", "A", Decimal(5)), Ranked("", "C", Decimal(1))]
    artist: Artist = app.state.artist
    try:
        for lang in LANGUAGES:
            drawn = artist.draw(abc_curve(Look(320, 220, "dark", lang), customers, [0.8, 0.95]), "svg").decode()
            assert 'role="img"' in drawn
            assert re.search(r"<title>.+</title>", drawn)
        whole = abc_curve(Look(), [], [])
        assert artist.draw(whole, "png").startswith(b"\x89PNG")
        assert artist.draw(whole, "pdf").startswith(b"%PDF")
        evil = [Placed("</script><b>x", "WIN", Decimal(-1), Decimal(0))]
        page = artist.draw(potential_map(Look(), evil, 1, "EUR"), "html").decode()
        assert "u003c/script>\\u003cb>x" in page
        assert "<b>x" not in page
    finally:
        artist.close()


def test_pictures_are_as_the_reader_asks(group: Service) -> None:
    german = spec(group, CHARTS[3], locale="de")
    assert german["title"]["text"] == "Von Umsatz zu Umsatz"
    assert german["usermeta"]["embedOptions"]["formatLocale"]["decimal"] == ","
    asked = group.client.get(f"/v1/{CHARTS[3]}.json", headers={"Accept-Language": "fr-CH, de;q=0.5"})
    assert asked.headers["content-language"] == "fr"
    assert asked.headers["vary"] == "Accept-Language"
    assert asked.headers["content-type"] == "application/vnd.vegalite.v6+json"
    texts = {spec(group, chart, locale=lang)["title"]["text"] for chart in CHARTS for lang in LANGUAGES}
    assert len(texts) >= len(CHARTS) * (len(LANGUAGES) - 1)
    for chart in CHARTS:
        answer = group.client.get(f"/v1/{chart}.svg", params={"width": 320, "height": 220, "theme": "dark"})
        assert answer.status_code == 200, f"{chart}: {answer.text}"
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert 'width="320" height="220"' in answer.text[:300]
    for query in ({"width": 10}, {"height": 99_999}, {"theme": "pink"}, {"locale": "xx"}):
        group.get(ABC, status=422, **query)
    group.get("/v1/segmentations/DE.1/charts/nothing.svg", status=422)
    group.get("/v1/segmentations/DE.9/charts/abc-curve.svg", status=404)
    group.get("/v1/comparisons/charts/comparison.json", status=422, indicator="nothing")


def link(service: Service, key: str, path: str = f"{ABC}?width=320&locale=de", seconds: int = 3600) -> dict[str, Any]:
    answer = service.client.post(LINK, json={"path": path, "seconds": seconds}, headers=service.as_key(key))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def follow(service: Service, path: str) -> Any:
    """What a browser gets, which has no key."""
    client = service.client
    request = client.build_request("GET", path)
    del request.headers["Authorization"]
    return client.send(request)


def test_a_link_shows_its_picture_and_nothing_else(group: Service) -> None:
    key = group.key(scopes=[Scope.RESULTS_READ], subsidiaries=["DE"])
    path = link(group, key)["path"]
    shown = follow(group, path)
    assert shown.status_code == 200, shown.text
    assert "Wer den Umsatz bringt" in shown.text
    parts = urlsplit(path)
    parameters = dict(parse_qsl(parts.query))
    changed = [
        (parts.path.replace("abc-curve", "migration"), parameters),
        (parts.path.replace("DE.1", "FR.1"), parameters),
        *((parts.path, parameters | {name: f"{value}1"}) for name, value in parameters.items() if name != "signature"),
        (parts.path, parameters | {"signature": "0" * 64}),
        (parts.path, parameters | {"height": "300"}),
        (parts.path, {name: value for name, value in parameters.items() if name != "until"}),
    ]
    for other, query in changed:
        assert follow(group, f"{other}?{urlencode(query)}").status_code in {401, 422}, (other, query)


def test_a_link_ends_with_its_time_and_with_its_key(group: Service) -> None:
    """After a rotation it is good for as long as the former secret."""
    key = group.key(scopes=[Scope.RESULTS_READ], subsidiaries=["DE"])
    path, longer = link(group, key)["path"], link(group, key, seconds=86_400)["path"]
    group.later(hours=2)
    assert [follow(group, one).status_code for one in (path, longer)] == [401, 200]
    assert group.client.delete(f"/v1/keys/{Token.read(key).key_id}").is_success
    assert follow(group, longer).status_code == 401
    other = group.key(scopes=[Scope.RESULTS_READ], subsidiaries=["DE"])
    path = link(group, other, seconds=864_000)["path"]
    group.post(f"/v1/keys/{Token.read(other).key_id}/rotate", {"overlap_hours": 24}, status=200)
    assert follow(group, path).status_code == 200
    group.later(hours=25)
    assert follow(group, path).status_code == 401


def test_links_reach_no_further_than_their_key_and_lead_to_pictures_only(group: Service) -> None:
    key = group.key(scopes=[Scope.RESULTS_READ], subsidiaries=["FR"])
    assert follow(group, link(group, key)["path"]).status_code == 404
    with pytest.raises(AssertionError, match="403"):
        link(group, group.key(scopes=[Scope.STATISTICS_READ]))
    others = ["/v1/customers", "/v1/charts/x.svg#a", "/v1/../charts/a.gif", f"{ABC}\n"]
    for path in (*others, f"{ABC}?by=me", f"{ABC}?signature=1"):
        group.post(LINK, {"path": path}, status=422)


def test_without_the_extra_there_is_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "find_spec", lambda _name: None)
    with pytest.raises(NotImplementedHere, match="extra charts"):
        Artist().draw(abc_curve(Look(), [], []), "svg")


def test_a_picture_that_cannot_be_drawn_costs_no_more_than_itself() -> None:
    artist, good = Artist(), abc_curve(Look(), [], [])
    try:
        with pytest.raises(Unavailable, match="could not be drawn"):
            artist.draw(picture(Look(), "x", "", "x", [], {"mark": "no such mark"}), "svg")
        assert artist.draw(good, "svg")
    finally:
        artist.close()


def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "DRAW_SECONDS", 0.01)
    artist = Artist()
    try:
        with pytest.raises(Unavailable):
            artist.draw(abc_curve(Look(), [], []), "svg")
    finally:
        artist.close()


def test_whoever_waits_too_long_for_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "WAIT_SECONDS", 0.01)
    artist = Artist()
    with artist._turn, pytest.raises(Unavailable, match="Other pictures"):
        artist.draw(abc_curve(Look(), [], []), "svg")


def test_ten_thousand_customers_make_a_small_specification() -> None:
    many = [Ranked("", "ABC"[min(2, place // 2000)], Decimal(20_000 - place)) for place in range(10_000)]
    assert len(json.dumps(abc_curve(Look(), many, [0.8, 0.95]))) < 20_000
