"""The report in a real browser: for everyone (WCAG 2.2 AA by axe-core), on a narrow screen, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring.report import public_document, report_page
from monitoring.report.subject import ReportInput

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW = 320
PATIENCE = 300_000
"""Milliseconds that a busy machine is given for each step."""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(reports: dict[str, ReportInput], tmp_path_factory: pytest.TempPathFactory) -> str:
    report = reports["outside"]
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(public_document(report), report), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Any]:
    """Opens the page in a window; it may ask for nothing but itself and complain of nothing."""
    opened: list[Any] = []
    asked: list[str] = []
    complaints: list[str] = []

    def open_page(**choice: Any) -> Any:
        page = browser.new_context(**choice).new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        opened.append(page)
        return page

    yield open_page
    assert set(asked) <= {address}
    assert complaints == []
    for page in opened:
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 1280])
def test_axe_finds_no_barrier(visit: Any, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARD}})
    told = [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]]
    assert told == []
    assert len(found.response["passes"]) > 15
    checked = {one["id"] for one in found.response["passes"]}
    assert {"color-contrast", "html-has-lang", "svg-img-alt"} <= checked


def test_axe_would_find_a_planted_barrier(visit: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = visit(viewport={"width": 1280, "height": 900})
    page.evaluate("document.querySelector('svg[role=img]').removeAttribute('aria-labelledby')")
    page.evaluate("document.querySelectorAll('svg[role=img]')[0].querySelector('title').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#dddddd'")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": STANDARD}})
    assert {"color-contrast", "svg-img-alt"} <= {one["id"] for one in found.response["violations"]}


def test_a_narrow_screen_scrolls_sideways_nowhere_but_in_tables(visit: Any) -> None:
    page = visit(viewport={"width": NARROW, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    wide = page.evaluate(
        f"""() => [...document.querySelectorAll('main *')]
            .filter((one) => !one.closest('.scroll') && one.getBoundingClientRect().right > {NARROW} + 1)
            .map((one) => one.outerHTML.slice(0, 120))"""
    )
    assert wide == []
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('svg text')]
            .map((one) => one.getBoundingClientRect().height))"""
    )
    assert smallest >= 8


@pytest.mark.parametrize("text_size", [100, 200])
def test_no_typeface_and_text_size_makes_it_wider_than_a_narrow_window(
    browser: Any, address: str, typeface: str, text_size: int, reaches_sideways: Any
) -> None:
    context = browser.new_context(viewport={"width": NARROW, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    assert reaches_sideways(page, typeface, text_size) == []
    context.close()


def test_a_line_that_is_too_wide_would_be_found(
    browser: Any, address: str, reaches_sideways: Any, typeface: str
) -> None:
    context = browser.new_context(viewport={"width": NARROW, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.evaluate("document.querySelector('main p').style.whiteSpace = 'nowrap'")
    assert reaches_sideways(page, typeface, 100) != []
    context.close()


def test_what_scrolls_can_be_reached_with_the_keyboard(visit: Any) -> None:
    page = visit(viewport={"width": NARROW, "height": 800})
    boxes = page.locator(".scroll")
    widest = boxes.evaluate_all(
        """(boxes) => boxes.map((one) => one.scrollWidth - one.clientWidth)
            .reduce((best, one, at, all) => one > all[best] ? at : best, 0)"""
    )
    box = boxes.nth(widest)
    assert box.evaluate("one => one.scrollWidth > one.clientWidth + 20")
    box.focus()
    assert box.evaluate("one => one === document.activeElement")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_it_reads_the_same_without_scripts(visit: Any) -> None:
    page = visit(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    words = page.inner_text("body")
    for phrase in (
        "Who is under-protected?",
        "Who is over-exposed?",
        "May the board say no?",
        "Methods, data",
        "Glossary",
    ):
        assert phrase in words
    assert page.locator("svg[role=img]").first.is_visible()
    page.click("a[href='#methods']")
    assert page.url.endswith("#methods")
