"""The built site asks nobody else for anything. `make site` builds it and runs this."""

from html.parser import HTMLParser
from pathlib import Path

SITE = Path(__file__).parents[2] / "build" / "site"
OUTSIDE = ("http:", "https:", "//")


class Assets(HTMLParser):
    """What a browser fetches by itself for a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [str(given[name]) for name in ("src", "srcset", "poster", "data") if given.get(name)]
        if tag == "link":
            self.found.append(str(given.get("href")))


def test_no_page_fetches_from_outside() -> None:
    pages = list(SITE.rglob("*.html"))
    assert len(pages) > 15
    fetched: list[str] = []
    for page in pages:
        reader = Assets()
        reader.feed(page.read_text(encoding="utf-8"))
        fetched += reader.found
    assert any(name.endswith(".css") or ".css?" in name for name in fetched)
    assert [name for name in fetched if name.startswith(OUTSIDE)] == []


def test_no_style_fetches_from_outside() -> None:
    styles = "".join(style.read_text(encoding="utf-8") for style in SITE.rglob("*.css"))
    assert "url(http" not in styles.replace('"', "").replace("'", "")
    assert "url(//" not in styles.replace('"', "").replace("'", "")
    assert "@import" not in styles


def test_each_kind_of_reference_is_there() -> None:
    text = (SITE / "reference" / "settings.html").read_text(encoding="utf-8")
    assert "KONTOR_DATABASE_URL" in text
    assert 'id="rows-refused"' in (SITE / "reference" / "problems.html").read_text(encoding="utf-8")


def test_the_worked_example_was_calculated() -> None:
    text = (SITE / "method.html").read_text(encoding="utf-8")
    assert "As the service calculates it" in text
    assert "1400.4836" in text
