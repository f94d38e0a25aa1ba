"""The page in a real browser: what a director does, on a desk and on a phone, by mouse and by keyboard.

Needs Chromium (Debian: `chromium`), so `make test-page` runs it, apart from `make test`.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import Server
from tests.group import OverHttp, hand_in_group

VIEWS = ("overview", "segments", "customers", "plan", "capacity", "comparison")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def group(server: Server) -> Server:
    headers = {"Authorization": f"Bearer {server.key}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
        hand_in_group(OverHttp(client))
    return server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path is not None, "install Chromium (Debian: apt-get install chromium)"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser, server: Server, key: str | None = None, **context: Any) -> Iterator[Page]:
    """The page, signed in by keyboard; afterwards no script may have failed, and no other address been asked."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(20_000)
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{server.url}/")
    page.keyboard.type(server.key if key is None else key)
    page.keyboard.press("Enter")
    yield page
    page.context.close()
    assert failed == []
    assert [url for url in asked if not url.startswith(f"{server.url}/")] == []


def view(page: Page, name: str) -> None:
    page.evaluate(f"location.hash = '#/DE/{name}'")
    page.wait_for_selector(f"nav a[aria-current][href$='/{name}']")
    page.wait_for_selector("#status:empty", state="attached")
    page.wait_for_selector("main h1")


def test_every_view_on_desk_and_phone_light_and_dark_without_a_serious_finding(browser: Browser, group: Server) -> None:
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        with opened(browser, group, viewport=size, color_scheme=scheme, locale="en") as page:
            for name in VIEWS:
                view(page, name)
                assert page.locator(".bad").count() == 0, page.inner_text("main")
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name
                found = Axe().run(page).response["violations"]
                assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], name


def test_why_leads_from_the_plan_to_what_it_rests_on_and_back(browser: Browser, group: Server) -> None:
    with opened(browser, group, locale="en") as page:
        view(page, "plan")
        page.get_by_role("button", name="Why? Plan for").click()
        first = page.inner_text("#why-title")
        assert first.startswith("revenue = ")
        page.locator("#why li button").first.click()
        page.wait_for_selector("#why-title:has-text('revenue.u1')")
        page.get_by_role("button", name="Back").click()
        page.wait_for_selector("#why-title:has-text('revenue = ')")
        assert page.inner_text("#why-title") == first
        page.keyboard.press("Escape")
        assert not page.locator("#why").is_visible()


def test_figures_are_those_of_the_api(browser: Browser, group: Server) -> None:
    with opened(browser, group, locale="en") as page:
        view(page, "segments")
        headers = {"Authorization": f"Bearer {group.key}"}
        told = httpx.get(f"{group.url}/v1/segmentations/DE.1/classes", headers=headers, timeout=60).json()["items"]
        row = next(one for one in told if one["scope"] == "" and one["abc_class"] == "A")
        cells = page.locator("table").first.locator("tbody tr").first.locator("td").all_inner_texts()
        assert cells[0] == str(row["customers"])
        assert cells[1].replace(",", "").lstrip("€") == f"{float(row['revenue']):.0f}"


def test_a_wrong_key_is_told_and_forgotten(browser: Browser, group: Server) -> None:
    with opened(browser, group, key="kontor_no_key", locale="en") as page:
        page.wait_for_selector("[role=alert]:has-text('does not take this key')")
        assert page.evaluate("sessionStorage.length") == 0


def test_the_language_of_the_reader_and_another(browser: Browser, group: Server) -> None:
    with opened(browser, group, locale="pl-PL") as page:
        page.wait_for_selector("h1:has-text('Przegląd')")
        page.select_option("#languages", "ru")
        page.wait_for_selector("h1:has-text('Обзор')")
        assert page.get_attribute("html", "lang") == "ru"
