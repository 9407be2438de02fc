"""The page in a real browser, over an issued forecast of a made-up city of 600 areas."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.decisions import withdraw
from service.people import person_named

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CITY = Path(__file__).resolve().parent.parent / "service" / "conftest.py"


@pytest.fixture(scope="module")
def make_city():
    spec = importlib.util.spec_from_file_location("service_city", CITY)
    module = importlib.util.module_from_spec(spec)
    sys.modules["service_city"] = module
    spec.loader.exec_module(module)
    return module.make_city


@pytest.fixture(scope="module")
def address(tmp_path_factory, make_city):
    city = make_city(tmp_path_factory.mktemp("city"), columns=30, rows=20, replay=True)
    city.approve()
    city.issue()
    city.ledger.close()
    yield from served(city)


@pytest.fixture
def city_with_a_withdrawn_model(tmp_path, make_city):
    city = make_city(tmp_path / "city", replay=True)
    city.approve()
    city.issue()
    ben = person_named(city.workspace.settings, "Ben Board")
    words = {"by": ben, "reason": "Its counts were wrong.", "target": "violence"}
    withdraw(city.workspace, city.ledger, city.registry, **words)
    city.ledger.close()
    yield from served(city)


def served(city):
    """The address of the city's service, until the test is done."""
    command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", "0"]
    command += ["--workspace", str(city.workspace.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        yield server.stderr.readline().split("Open ")[1].split()[0]
        server.terminate()


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """Opens the page; at the end it may have complained about nothing and asked no other host."""
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    complaints, hosts = [], set()
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(address)
    page.wait_for_selector("#main[data-coloured]")
    yield page
    assert complaints == []
    assert hosts == {urlsplit(address).netloc}
    page.close()


def test_six_hundred_areas_are_coloured_by_risk(visit):
    assert visit.get_attribute("#main", "data-coloured") == "600"
    colours = visit.evaluate(
        """() => {
            const canvas = document.querySelector('#map canvas');
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Map();
            for (let at = 0; at < pixels.length; at += 4) {
                if (pixels[at + 3] !== 255) continue;
                const colour = `${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`;
                seen.set(colour, (seen.get(colour) ?? 0) + 1);
            }
            return [...seen].filter(([, times]) => times > 400).map(([colour]) => colour);
        }"""
    )
    style = "() => ['much_above','above','average','below','well_below'].map((band) => " + (
        "getComputedStyle(document.querySelector(`#legend .band-${band}`)).backgroundColor)"
    )
    legend = {colour.removeprefix("rgb(").removesuffix(")").replace(" ", "") for colour in visit.evaluate(style)}
    assert len(legend) == 5
    assert legend <= set(colours)


def test_a_click_on_the_map_shows_the_history_and_the_interval(visit):
    assert visit.is_visible("#area-empty")
    box = visit.locator("#map").bounding_box()
    visit.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.wait_for_selector("#area-interval")
    assert "with 80% probability" in visit.inner_text("#area-interval")
    assert "expected in August 2025" in visit.inner_text("#area-interval")
    assert visit.locator("#area .chart .known").count() == 36
    for fan in ("fan-50", "fan-80", "fan-95"):
        assert visit.locator(f"#area .chart .{fan}").count() == 3


def test_an_area_is_chosen_and_the_ranking_sorted_with_the_keyboard_alone(visit):
    visit.focus("#columns th:nth-child(4) button")
    visit.keyboard.press("Enter")
    assert visit.get_attribute("#columns th:nth-child(4)", "aria-sort") == "descending"
    visit.keyboard.press("Enter")
    assert visit.get_attribute("#columns th:nth-child(4)", "aria-sort") == "ascending"
    assert visit.inner_text("#rows tr:first-child td:first-child") == "600"
    visit.focus("#rows tr:first-child .link")
    visit.keyboard.press("Enter")
    visit.wait_for_selector("#area-interval")
    assert visit.get_attribute("#rows tr:first-child", "aria-selected") == "true"


def test_the_card_of_an_area_says_what_the_api_says(visit, address):
    visit.focus("#rows tr:nth-child(3) .link")
    code = visit.get_attribute("#rows tr:nth-child(3)", "data-area")
    visit.keyboard.press("Enter")
    visit.wait_for_selector("#area-interval")
    visit.wait_for_function("document.activeElement.id === 'area'")
    answer = visit.request.get(f"{address}v1/areas/{code}/forecast").json()
    forecast = answer["forecast"]
    lead = visit.inner_text("#area-interval")
    assert forecast["mean"] > 10, "the page shows a decimal below ten"
    assert lead.startswith(f"{int(forecast['mean'] + 0.5)} expected in August 2025: ")
    assert f"{forecast['q10']:.0f} to {forecast['q90']:.0f} with 80% probability" in lead
    assert f"{forecast['rank']} of 600" in visit.inner_text("#area .numbers")
    known = visit.request.get(f"{address}v1/areas/{code}/history").json()["history"]
    assert visit.locator("#area .chart .known").count() == len(known)


def test_the_banners_the_approver_and_the_meaning_of_next_are_shown(visit):
    words = visit.inner_text("body")
    for phrase in (
        "Simulated city.",
        "Replay.",
        "Ada Example",
        "Version 1",
        "two periods ahead of the last known one",
        "not of people",
    ):
        assert phrase in words, phrase


def test_the_footer_leads_to_the_history_of_the_models(visit, address):
    assert visit.get_attribute("#history", "href") == "/models/violence"
    visit.goto(f"{address}models/violence")
    words = visit.inner_text("body")
    assert "In use: version 1, approved by Ada Example" in words
    visit.click("text=Back to the map")
    visit.wait_for_selector("#main[data-coloured]")


def test_a_withdrawn_model_is_told_in_place_of_its_forecast(browser, city_with_a_withdrawn_model):
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(city_with_a_withdrawn_model)
    page.wait_for_selector("#withdrawn")
    assert "withdrawn by Ben Board" in page.inner_text("#withdrawn")
    assert "Its counts were wrong." in page.inner_text("#withdrawn")
    assert not page.is_visible("#map")
    assert not page.is_visible("#ranking")
    page.select_option("#target", "robbery")
    page.wait_for_selector("#rows tr:first-child")
    assert page.is_visible("#map")
    assert page.locator("#withdrawn").count() == 0
    page.select_option("#target", "violence")
    page.wait_for_selector("#withdrawn")
    assert not page.is_visible("#ranking")
    assert complaints == []
    page.close()


def test_target_period_and_filter_change_what_is_shown(visit):
    before = visit.inner_text("#rows tr:first-child td:nth-child(4)")
    visit.select_option("#target", "robbery")
    visit.wait_for_selector("#map-title:text-matches('^Robbery')")
    assert visit.inner_text("#rows tr:first-child td:nth-child(4)") != before
    visit.select_option("#period", "2025-10")
    visit.wait_for_selector("#map-title:text-matches('October 2025$')")
    visit.select_option("#parent", "D2")
    visit.fill("#find", "cell 3/")
    assert visit.inner_text("#shown") == "6 of 6 areas shown."


def test_a_narrow_screen_does_not_scroll_sideways(visit):
    visit.set_viewport_size({"width": 360, "height": 800})
    visit.click("#rows tr:nth-child(2) .link")
    visit.wait_for_selector("#area-interval")
    assert visit.evaluate("document.documentElement.scrollWidth") <= 360


def test_every_control_has_a_name(visit):
    unnamed = visit.evaluate(
        """() => [...document.querySelectorAll('select, input, button, a, [role=img], [role=application]')]
            .filter((element) => !element.closest('[hidden]'))
            .filter((element) => !(element.ariaLabel || element.title || element.textContent.trim()
                || element.closest('label')?.textContent.trim()))
            .map((element) => element.outerHTML)"""
    )
    assert unnamed == []
