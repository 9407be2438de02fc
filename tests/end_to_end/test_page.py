"""The briefing in a real browser, over an issued forecast of a made-up city of 600 areas."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from matplotlib.pyplot import imread

from service.board.decisions import propose, withdraw
from service.board.people import person_named

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATIENCE = 300_000
"""Milliseconds that a busy machine is given for each step."""
SHIFTS = """() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 300);
})"""
"""How much of the page moved while it loaded (web-vitals' cumulative layout shift)."""
SERVICE = Path(__file__).resolve().parent.parent / "service"


def module_of(name, path):
    """A module of other tests, by its file."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make_city():
    return module_of("service_city", SERVICE / "conftest.py").make_city


@pytest.fixture(scope="module")
def train_with_report():
    return module_of("service_sheets", SERVICE / "web" / "conftest.py").add_trained


@pytest.fixture(scope="module")
def address(tmp_path_factory, make_city, train_with_report):
    city = make_city(tmp_path_factory.mktemp("city"), columns=30, rows=20, replay=True, weights="violence = 10.0")
    city.approve()
    city.issue()
    train_with_report(city)
    ann = person_named(city.workspace.settings, "Ann Analyst")
    propose(city.workspace, city.ledger, city.registry, by=ann, reason="It is newer.", target="violence")
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
    command = [sys.executable, "-c", "from service.cli import program; program()", "serve", "--port", "0"]
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
    """Opens the page; at the end it may have complained about nothing but our reading of its canvas, and asked no
    other host."""
    page = browser.new_page(viewport={"width": 1360, "height": 900})
    page.set_default_timeout(PATIENCE)
    complaints, hosts = [], set()
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and "willReadFrequently" not in message.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(address)
    page.wait_for_selector("#work[data-coloured]")
    yield page
    assert complaints == []
    assert hosts == {urlsplit(address).netloc}
    page.close()


def colours_of(page):
    """The colours that fill much of the map, as ``r,g,b``."""
    return set(
        page.evaluate(
            """() => {
                const canvas = document.querySelector('#map canvas');
                const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                const seen = new Map();
                for (let at = 0; at < pixels.length; at += 4) {
                    if (pixels[at + 3] !== 255) continue;
                    const colour = `${pixels[at]},${pixels[at + 1]},${pixels[at + 2]}`;
                    seen.set(colour, (seen.get(colour) ?? 0) + 1);
                }
                return [...seen].filter(([, times]) => times > 200).map(([colour]) => colour);
            }"""
        )
    )


def test_six_hundred_areas_are_coloured_by_the_seven_steps_of_the_legend(visit):
    assert visit.get_attribute("#work", "data-coloured") == "600"
    steps = visit.eval_on_selector_all(
        "#legend .swatch", "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    legend = {colour.removeprefix("rgb(").removesuffix(")").replace(" ", "") for colour in steps}
    assert len(legend) == 7
    assert legend <= colours_of(visit)
    areas = [int(words.split()[0]) for words in visit.locator("#legend small").all_inner_texts()]
    assert sum(areas) == 600
    assert min(areas) > 0


def test_a_click_on_the_map_shows_the_history_and_the_interval(visit):
    assert not visit.is_visible("#area")
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


def test_the_page_flags_the_areas_that_the_api_flags(visit, address):
    answer = httpx.get(f"{address}v1/flags?target=violence").json()
    assert len(answer["areas"]) == 30
    assert visit.inner_text("#k-shown") == "30"
    assert "These are the audited flags." in visit.inner_text("#covered")
    visit.click("#about summary")
    assert answer["chosen_by"] in visit.inner_text("#about")
    visit.click("#columns button:has-text('Flagged')")
    shown = visit.eval_on_selector_all(
        "#rows tr", "rows => rows.filter((row) => row.innerText.includes('flagged')).map((row) => row.dataset.area)"
    )
    assert set(shown) == {row["area"] for row in answer["areas"]}
    visit.click(f"#rows tr[data-area={shown[0]}] .link")
    visit.wait_for_selector("#area-interval")
    assert visit.inner_text("#area .numbers").split()[-2:] == ["Flagged", "yes"]


def test_covering_more_areas_says_what_they_hold(visit, address):
    for number in (3, 120):
        visit.fill("#k", str(number))
        visit.wait_for_url(f"**/?k={number}")
        rows = visit.request.get(f"{address}v1/forecasts?target=violence").json()["areas"]
        held = sum(row["mean"] for row in rows if row["place"] <= number) / sum(row["mean"] for row in rows)
        visit.wait_for_function(
            "words => document.querySelector('#covered').innerText.includes(words)", arg=f"{held:.1%}"
        )
        assert "audited flags" not in visit.inner_text("#covered")
    visit.reload()
    visit.wait_for_selector("#work[data-coloured]")
    assert visit.input_value("#k") == "120"
    assert f"{held:.1%}" in visit.inner_text("#covered")


def test_the_card_of_an_area_says_what_the_api_says(visit, address):
    visit.focus("#rows tr:nth-child(3) .link")
    code = visit.get_attribute("#rows tr:nth-child(3)", "data-area")
    visit.keyboard.press("Enter")
    visit.wait_for_selector("#area-interval")
    visit.wait_for_function("() => document.activeElement.id === 'area'")
    answer = visit.request.get(f"{address}v1/areas/{code}/forecast").json()
    forecast = answer["forecast"]
    lead = visit.inner_text("#area-interval")
    assert forecast["mean"] > 10, "the page shows a decimal below ten"
    assert lead.startswith(f"{int(forecast['mean'] + 0.5)} expected in August 2025: ")
    assert f"{forecast['q10']:.0f} to {forecast['q90']:.0f} with 80% probability" in lead
    assert f"{forecast['rank']} of 600" in visit.inner_text("#area .numbers")
    known = visit.request.get(f"{address}v1/areas/{code}/history").json()["history"]
    assert visit.locator("#area .chart .known").count() == len(known)


def written(number):
    """A number as the page writes it, with a true minus sign."""
    return float(number.replace("\u2212", "-"))


def test_the_reasons_are_those_of_the_api_and_add_up_as_they_are_written(visit, address):
    visit.click("#rows tr:nth-child(2) .link")
    visit.wait_for_selector("#area-reasons")
    code = visit.get_attribute("#rows tr:nth-child(2)", "data-area")
    answer = visit.request.get(f"{address}v1/areas/{code}/forecast").json()
    words = visit.locator("#area-reasons th").all_inner_texts()
    assert words == [*(reason["label"] for reason in answer["reasons"]), "Expected"]
    *parts, total = [written(number) for number in visit.locator("#area-reasons td:last-child").all_inner_texts()]
    assert sum(parts) == pytest.approx(total, abs=1e-9)
    assert total == pytest.approx(answer["forecast"]["mean"], abs=0.05)
    for part, reason in zip(parts, answer["reasons"], strict=True):
        assert part == pytest.approx(reason["crimes"], abs=0.1)


def test_a_reason_is_told_by_side_sign_and_pattern_not_by_colour_alone(visit):
    visit.click("#rows tr:nth-child(2) .link")
    visit.wait_for_selector("#area-reasons")
    rows = visit.locator("#area-reasons tr.reason")
    seen = set()
    for index in range(rows.count()):
        row = rows.nth(index)
        number = row.locator("td:last-child").inner_text()
        track, bar = (row.locator(name).bounding_box() for name in (".reason-track", ".reason-bar"))
        left = bar["x"] + bar["width"] / 2 < track["x"] + track["width"] / 2
        assert left == number.startswith("\u2212")
        assert left == (
            "repeating-linear-gradient"
            in row.locator(".reason-bar").evaluate("(bar) => getComputedStyle(bar).backgroundImage")
        )
        seen.add(left)
    assert seen == {True, False}


def test_the_words_of_the_reasons_are_explained_with_the_keyboard_alone(visit):
    visit.click("#rows tr:nth-child(2) .link")
    visit.focus("#area .meanings summary")
    visit.keyboard.press("Enter")
    assert "How its newer counts compare with its older ones." in visit.inner_text("#area .meanings")


def test_what_kind_of_forecast_it_is_stands_above_and_its_provenance_behind_a_click(visit):
    assert visit.locator(".chip").all_inner_texts()[0].startswith("Simulated city")
    assert visit.locator(".chip").all_inner_texts()[1].startswith("Replay of 10 July 2025")
    assert "Ada Example" not in visit.inner_text("body")
    visit.click("#about summary")
    words = visit.inner_text("#about")
    for phrase in ("Ada Example", "version 1", "two periods ahead of the last known one"):
        assert phrase in words, phrase
    assert "not of people" in visit.inner_text("footer")


def test_the_footer_leads_to_the_history_of_the_models(visit, address):
    assert visit.get_attribute("#history", "href") == "/models/violence"
    visit.click("#about summary")
    visit.goto(f"{address}models/violence")
    words = visit.inner_text("body")
    assert "In use: version 1, approved by Ada Example" in words
    visit.click("nav >> text=Briefing")
    visit.wait_for_selector("#work[data-coloured]")


def test_a_withdrawn_model_is_told_in_place_of_its_forecast(browser, city_with_a_withdrawn_model):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
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


def test_the_address_says_what_is_shown_and_brings_it_back(visit, address, browser):
    headline = visit.inner_text("#headline")
    visit.select_option("#target", "robbery")
    visit.wait_for_selector("#headline:text-matches('robbery')")
    visit.select_option("#period", "2025-10")
    visit.wait_for_selector("#headline:text-matches('^October 2025')")
    visit.select_option("#within", "D2")
    visit.wait_for_selector("#headline:text-matches('in District D2|in D2')")
    before = colours_of(visit)
    visit.select_option("#view", "sure")
    visit.wait_for_selector("#legend p:text-matches('Chance')")
    assert colours_of(visit) != before
    assert visit.inner_text("#shown") == "100 of 120 areas shown."
    visit.click("#rows tr:nth-child(2) .link")
    visit.wait_for_selector("#area-interval")
    told = [visit.inner_text(part) for part in ("#headline", "#highest", "#legend", "#area-interval")]
    assert urlsplit(visit.url).query == "target=robbery&period=2025-10&within=D2&area=" + (
        visit.get_attribute("#rows tr:nth-child(2)", "data-area") + "&view=sure"
    )
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(visit.url)
    other.wait_for_selector("#area-interval")
    assert [other.inner_text(part) for part in ("#headline", "#highest", "#legend", "#area-interval")] == told
    other.close()
    for _ in range(5):
        visit.go_back()
    visit.wait_for_function("words => document.querySelector('#headline').innerText === words", arg=headline)
    assert urlsplit(visit.url).query == ""
    assert visit.input_value("#target") == "violence"


def test_a_search_leads_to_an_area_or_a_district(visit):
    visit.fill("#find", "cell 3/17")
    visit.press("#find", "Enter")
    visit.wait_for_selector("#area-name a:text-is('Cell 3/17')")
    name = visit.inner_text("#within option[value=D2]")
    visit.fill("#find", name)
    visit.press("#find", "Enter")
    visit.wait_for_function("() => document.querySelector('#within').value === 'D2'")
    visit.wait_for_selector("#area", state="hidden")


def test_the_city_and_a_district_say_what_the_api_says(visit, address):
    answer = visit.request.get(f"{address}v1/levels").json()
    districts, city = answer["levels"][0]["areas"], answer["levels"][1]["areas"][0]
    rows = visit.request.get(f"{address}v1/forecasts").json()["areas"]
    change = round(100 * (city["mean"] / sum(row["a_year_before"] for row in rows) - 1))
    words = f"{int(city['mean'] + 0.5):,} expected, {city['q10']:,.0f} to {city['q90']:,.0f}; {abs(change)}% "
    assert words in visit.inner_text("#headline")
    assert visit.inner_text("#headline").endswith("than last August.")
    row = next(row for row in districts if row["area"] == "D2")
    visit.select_option("#within", "D2")
    visit.wait_for_selector("#headline:text-matches(' in ')")
    assert f"{int(row['mean'] + 0.5):,} expected, {row['q10']:,.0f} to {row['q90']:,.0f}" in visit.inner_text(
        "#headline"
    )


def test_districts_are_named_where_there_is_room(visit):
    names = visit.locator(".district-name").all_inner_texts()
    districts = visit.locator("#within option").all_inner_texts()[1:]
    assert names
    assert set(names) <= set(districts)
    visit.select_option("#within", "D2")
    visit.wait_for_selector("#headline:text-matches(' in ')")
    assert visit.inner_text("#within option[value=D2]") in visit.locator(".district-name").all_inner_texts()


def test_the_ten_highest_have_ranges_of_ranks(visit, address):
    rows = visit.request.get(f"{address}v1/forecasts?limit=10").json()["areas"]
    lines = visit.locator("#highest tbody tr")
    assert lines.count() == 10
    for index, row in enumerate(rows):
        words = lines.nth(index).inner_text()
        assert row["name"] in words
        if row["rank_low"] != row["rank_high"]:
            assert f"{row['rank_low']}–{row['rank_high']}" in words


def test_harm_stands_beside_the_count_only_where_it_is_weighed(visit, address):
    visit.click("#rows tr:nth-child(2) .link")
    visit.wait_for_selector("#area-harm")
    code = visit.get_attribute("#rows tr:nth-child(2)", "data-area")
    harm = visit.request.get(f"{address}v1/areas/{code}/forecast").json()["forecast"]["harm"]
    assert f"Expected harm: {int(harm['mean'] + 0.5):,} days" in visit.inner_text("#area-harm")
    assert f"{int(harm['mean'] + 0.5):,} (" in visit.inner_text("#rows tr:nth-child(2)")
    assert visit.locator("#view option[value=harm]").count() == 1
    visit.select_option("#target", "robbery")
    visit.wait_for_selector("#headline:text-matches('robbery')")
    visit.wait_for_selector("#area-harm", state="detached")
    assert "Harm" not in visit.inner_text("#columns")
    assert visit.locator("#view option[value=harm]").count() == 0


LONG_WORDS = """() => {
    document.querySelector(".city").textContent = "Simulated city";
    document.querySelector("#headline").textContent =
        "February 2025, violence with injury: 2,864 expected, 2,582 to 3,152; 15% fewer than last February.";
}"""
"""A city and a sentence as long as those of the demonstration."""


@pytest.mark.parametrize("words", ["() => null", LONG_WORDS])
def test_the_first_screen_holds_the_answer_and_the_map(visit, words):
    visit.evaluate(words)
    visit.set_viewport_size({"width": 1100, "height": 700})
    boxes = {part: visit.locator(part).bounding_box() for part in ("#map", "#legend", "#highest", "#k")}
    assert boxes["#map"]["y"] <= 160
    for part, box in boxes.items():
        assert box["y"] + box["height"] <= 700, part
    visit.set_viewport_size({"width": 360, "height": 740})
    box = visit.locator("#map").bounding_box()
    assert box["y"] + box["height"] <= 740


def test_without_scripts_the_sentence_the_rows_and_a_drawn_map_are_there(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}?target=robbery&view=km2")
    assert "robbery" in page.inner_text("#headline")
    assert page.locator("#highest tbody tr").count() == 10
    assert page.evaluate("document.querySelector('.drawn').naturalWidth") > 0
    assert page.request.get(f"{address}map.svg?target=robbery&view=km2").text().count("<path") == 600
    page.select_option("#period", "2025-10")
    page.click("#controls button")
    assert page.inner_text("#headline").startswith("October 2025, robbery")
    context.close()


def test_an_address_that_leads_nowhere_is_told_on_a_page(browser, address):
    page = browser.new_page()
    for path, words in (
        ("?target=arson", "Ask for one of violence, robbery."),
        ("?perido=2025-08", "Did you mean 'period'?"),
        ("nowhere", "openapi"),
        ("models/arson", "Ask for one of"),
    ):
        answer = page.goto(f"{address}{path}")
        assert answer.status in (404, 422)
        assert words in page.inner_text("#problem")
    page.click("text=To the briefing")
    page.wait_for_selector("#work[data-coloured]")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(browser, address, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": 1100, "height": 700}, color_scheme=scheme, bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    for path in (
        "",
        "?area=C0203&view=change&within=D1",
        "models/violence",
        "areas/C0203",
        "print",
        "board",
        "ledger",
        "ledger/1",
        "challenges",
        "bench",
        "bench/run-violence-2",
        "hours?within=D2",
        "compare?other_target=robbery",
        "?target=arson",
    ):
        page.goto(f"{address}{path}")
        page.wait_for_selector("#work[data-coloured], .reading h1, figure")
        if "area" in path:
            page.wait_for_selector("#area-interval")
        found = Axe().run(page, options=rules).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], path
    context.close()


def test_a_narrow_screen_does_not_scroll_sideways(visit):
    for width in (360, 320):
        visit.set_viewport_size({"width": width, "height": 800})
        visit.click("#rows tr:nth-child(2) .link")
        visit.wait_for_selector("#area-interval")
        visit.click("#area .meanings summary")
        assert visit.evaluate("document.documentElement.scrollWidth") <= width
        for part in ("th", "td"):
            cells = visit.locator(f"#area-reasons {part}")
            clipped = cells.evaluate_all(
                "(cells) => cells.filter((cell) => cell.scrollWidth > cell.clientWidth).length"
            )
            assert clipped == 0, (width, part)


@pytest.fixture
def narrow_page(browser):
    context = browser.new_context(viewport={"width": 320, "height": 800}, bypass_csp=True)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def test_nothing_moves_while_the_page_loads_and_a_second_visit_is_light(browser, address):
    context = browser.new_context(viewport={"width": 1100, "height": 700})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    received = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    for _ in range(2):
        received.clear()
        page.goto(address)
        page.wait_for_selector("#work[data-coloured]")
        page.wait_for_load_state("networkidle")
    assert sum(received) <= 5000
    assert page.evaluate(SHIFTS) < 0.1
    context.close()


def test_what_is_seen_of_the_map_is_taken_away_as_a_picture(visit):
    with visit.expect_download() as taken:
        visit.click("#picture")
    assert taken.value.suggested_filename == "violence-2025-08.png"
    pixels = imread(taken.value.path())
    height, width = pixels.shape[:2]
    box = visit.locator("#map").bounding_box()
    assert width == int(box["width"])
    assert height > box["height"] + 150, "the sentence above and the legend below"
    seen = {tuple(row) for row in (255 * pixels[..., :3]).round().astype(int).reshape(-1, 3)}
    steps = visit.eval_on_selector_all(
        "#legend .swatch", "all => all.map((one) => getComputedStyle(one).backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert {tuple(step) for step in steps} <= seen


@pytest.mark.parametrize(
    "path", ["?area=C0203", "areas/C0203", "bench/run-violence-2", "compare", "board", "ledger", "hours"]
)
def test_at_four_hundred_per_cent_nothing_scrolls_sideways(browser, address, path):
    """A window of 1280 × 1024 is 320 × 256 for the page then."""
    page = browser.new_page(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}{path}")
    page.wait_for_selector("#work[data-coloured], .reading h1")
    if "area" in path:
        page.wait_for_selector("#area-interval")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
    page.close()


@pytest.mark.parametrize("text_size", [100, 200])
def test_no_typeface_and_text_size_makes_a_page_wider_than_a_narrow_window(
    narrow_page, address, typeface, text_size, reaches_sideways
):
    for path in ("models/violence", "board", "ledger", "ledger/1", "challenges"):
        narrow_page.goto(f"{address}{path}")
        assert reaches_sideways(narrow_page, typeface, text_size) == [], path
    narrow_page.goto(f"{address}areas/C0203")
    narrow_page.wait_for_selector("#area-interval")
    assert reaches_sideways(narrow_page, typeface, text_size) == []
    narrow_page.goto(address)
    narrow_page.wait_for_selector("#work[data-coloured]")
    narrow_page.click("#rows tr:nth-child(2) .link")
    narrow_page.wait_for_selector("#area-interval")
    narrow_page.click("#area .meanings summary")
    narrow_page.select_option("#within", "D2")
    narrow_page.wait_for_selector("#headline:text-matches(' in ')")
    assert reaches_sideways(narrow_page, typeface, text_size) == []


@pytest.mark.parametrize("text_size", [100, 200])
def test_a_withdrawn_model_is_told_in_a_narrow_window(
    narrow_page, city_with_a_withdrawn_model, typeface, text_size, reaches_sideways
):
    for path in ("models/violence", ""):
        narrow_page.goto(f"{city_with_a_withdrawn_model}{path}")
        narrow_page.wait_for_selector("#withdrawn, #standing")
        assert reaches_sideways(narrow_page, typeface, text_size) == []


def test_every_control_has_a_name(visit):
    unnamed = visit.evaluate(
        """() => [...document.querySelectorAll('select, input, button, a, [role=img], [role=application]')]
            .filter((element) => !element.closest('[hidden]'))
            .filter((element) => !(element.ariaLabel || element.title || element.textContent.trim()
                || [...element.labels ?? []].some((label) => label.textContent.trim())))
            .map((element) => element.outerHTML)"""
    )
    assert unnamed == []


def test_the_page_of_an_area_sets_it_beside_its_past_its_district_and_the_city(visit, address):
    visit.goto(f"{address}areas/C0203?target=violence")
    visit.wait_for_selector("#area-interval")
    row = visit.request.get(f"{address}v1/areas/C0203/forecast?target=violence").json()["forecast"]
    ranks = [visit.evaluate("number => new Intl.PluralRules('en-GB', {type: 'ordinal'}).select(number)", row[name])
             for name in ("rank_low", "rank_high")]  # fmt: skip
    ends = {"one": "st", "two": "nd", "few": "rd", "other": "th"}
    could = f"could be {row['rank_low']}{ends[ranks[0]]} to {row['rank_high']}{ends[ranks[1]]}"
    assert could in visit.inner_text("#headline")
    lines = [line.split("\t") for line in visit.inner_text("#lines tbody").splitlines()]
    assert [line[0].strip() for line in lines] == ["Cell 3/4", "District D1", "Simulated city"] or len(lines) == 3
    known = visit.request.get(f"{address}v1/areas/C0203/history?target=violence").json()["history"]
    newest = sum(one["count"] for one in known[-12:])
    before = sum(one["count"] for one in known[-24:-12])
    assert [cell.strip() for cell in lines[0][3:6]] == [str(row["a_year_before"]), f"{newest:,}", f"{before:,}"]
    assert "wardcast challenge open" in visit.inner_text("pre")
    visit.select_option("#target", "robbery")
    visit.wait_for_selector("#headline:text-matches('robbery')")
    visit.wait_for_selector("#area-interval")
    visit.click("text=On the map")
    visit.wait_for_selector("#work[data-coloured]")
    assert visit.inner_text("#area-name") == "Cell 3/4"


def test_the_briefing_on_paper_is_one_page_with_a_key(browser, address):
    import io

    from pypdf import PdfReader

    page = browser.new_page()
    for question in ("", "?target=robbery&view=change&within=D2&k=50"):
        page.goto(f"{address}print{question}", wait_until="networkidle")
        paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=False)))
        assert len(paper.pages) == 1
        words = paper.pages[0].extract_text()
        assert "Outlined: the" in words
        assert "or more" in words
        assert page.locator(".key rect").count() == 7
    page.close()
