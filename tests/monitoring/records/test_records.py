"""Records: every figure is the run's, what is missing is listed, nothing speaks of a person, no text breaks out."""

from __future__ import annotations

import doctest
import html
import importlib
import itertools
import json
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from contracts import CodeVersion, RecordsSettings, Settings
from monitoring import records
from monitoring.gates.checks import Check
from monitoring.records import file_names
from monitoring.records.checklist import checklist_record
from monitoring.records.datasheet import datasheet_record
from monitoring.records.document import missing_settings
from monitoring.records.equality import equality_record
from monitoring.records.facts import (
    AuditFacts,
    AuditFigure,
    EvidenceFile,
    FloorFacts,
    GateFacts,
    ModelFacts,
    ProtectedCharacteristic,
    PublicationFacts,
    RecordFacts,
    RevisionFacts,
    ScoreFacts,
    SetAsideFacts,
    WordingFacts,
)
from monitoring.records.model_card import model_card_record
from monitoring.records.plain_text import clean, escaped, escaped_paragraph
from monitoring.records.transparency import transparency_json_record, transparency_record

CAVEAT = "This compares areas. It does not say which people were victims, offenders, stopped or protected."
MARKDOWN: dict[str, Callable[[RecordFacts], str]] = {
    file_names.TRANSPARENCY_FILE: transparency_record,
    file_names.MODEL_CARD_FILE: model_card_record,
    file_names.EQUALITY_FILE: equality_record,
    file_names.DATASHEET_FILE: datasheet_record,
    file_names.CHECKLIST_FILE: checklist_record,
}
EVERY = {**MARKDOWN, file_names.TRANSPARENCY_JSON_FILE: transparency_json_record}
HOSTILE = (
    "West|Midlands `Police`\n\n# Owned\n<script>alert(1)</script> [a](javascript:b) ![i](http://x/y) *b* _c_ ~~d~~ "
    "\u202eevil\x00 </td> --- | --- | $x$ &lt; \\"
)
OF_PEOPLE = re.compile(
    r"suspect|offender|victim|nominal|surname|forename|date of birth|\bdob\b|gender of|person_|officer|custody|"
    r"home address|case id|crime reference",
    re.IGNORECASE,
)

SETTINGS = Settings.model_validate(
    {
        "city": "Testham",
        "geography": "wards",
        "people": {"Ada Approver": ["approver"], "Pat Proposer": ["proposer"]},
        "offences": {"police": {"assault": ["Assault"]}},
        "targets": {"violence": {"title": "Violence with injury", "offences": {"police": ["assault"]}}},
    }
)


def _figure(audit: str, attribute: str, group: str, value: float | None, verdict: str) -> AuditFigure:
    low, high = (None, None) if value is None else (value - 0.0625, value + 0.0625)
    return AuditFigure(audit, attribute, group, "ratio", value, low, high, (0.9, 1.11), verdict)


def _score(model: str, level: str, horizon: int, deviance: float, ratio: float) -> ScoreFacts:
    figures = {
        "mean_poisson_deviance": deviance,
        "crps": 0.8125,
        "log_score": -1.625,
        "mae": None,
        "coverage_90": 0.9125,
        "vs_ewma": ratio,
        "vs_ewma_low": ratio - 0.03125,
        "vs_ewma_high": ratio + 0.03125,
    }
    return ScoreFacts(model, level, horizon, figures)


@pytest.fixture
def facts() -> RecordFacts:
    """A run whose figures are all different, so that each can be found again in a record."""
    publication = PublicationFacts(
        id="police-2025-01-10-abcd",
        source="police",
        taxonomy="police",
        geography="wards",
        frequency="month",
        published_on="2025-01-10",
        file_name="counts_2025.csv",
        sha256="a" * 64,
        content_sha256="b" * 64,
        first="2020-01",
        last="2024-12",
        periods=59,
        span=60,
        areas=679,
        geography_areas=684,
        crimes=81_203,
        rows_read=40_400,
        rows_kept=40_299,
        rows_set_aside=101,
        set_aside=(SetAsideFacts("unknown area", 101, 137),),
        wordings=(WordingFacts("ASSAULT", "assault", "2020-01", "2024-12", 31_337),),
        revisions=(RevisionFacts("police-2024-01-10-ffff", 48, 0.1875, -0.0175, "2023-07"),),
        notes=("The first month was a stub.",),
    )
    return RecordFacts(
        run_id="0123456789abcdef",
        kind="train",
        started_on="2025-01-11",
        target="violence",
        target_title="Violence with injury",
        first="2024-01",
        last="2024-12",
        view="as-of",
        geography="wards",
        areas=679,
        main_horizon=1,
        horizons="1, 2",
        model=ModelFacts("wardcast", "Total times share.", 4, "c" * 64, "2025-01-10", "2024-12"),
        settings=SETTINGS,
        given=RecordsSettings(),
        roles={"approver": 3, "proposer": 1},
        publications=(publication,),
        scores=(
            _score("wardcast", "area", 1, 1.3845, 0.9375),
            _score("ewma", "area", 1, 1.4915, 1.0),
            _score("wardcast", "city", 1, 5.0625, 0.8125),
        ),
        floors=(FloorFacts("area", 1, {"mean_poisson_deviance": 1.2625, "crps": 0.7775}),),
        audit=AuditFacts(
            figures=(
                _figure("calibration", "ethnic group", "Group A", 1.0125, "inside"),
                _figure("calibration", "ethnic group", "Group B", 0.7875, "outside"),
                _figure("exposure", "deprivation fifth", "1", None, "not enough evidence"),
            ),
            notes=("Four areas have no known deprivation.",),
            meaning="Calibration: forecast over outcome.",
            caveat=CAVEAT,
            areas=679,
            periods=12,
            flagged_share=0.05,
            city_calibration=1.01,
        ),
        protected=(
            ProtectedCharacteristic("race", "measured", "ethnic group", "Shares weigh every figure."),
            ProtectedCharacteristic("disability", "proxied", "deprivation fifth", "Stands near it."),
            ProtectedCharacteristic("sex", "not measurable here", None, "Looked for."),
        ),
        gates=(
            GateFacts("skill", "pass", "deviance at most 1", 3, 0, 0),
            GateFacts("audit", "fail", "margin", 1, 1, 1),
        ),
        limits="The limits are those of the settings; no entry of the ledger says that anybody sealed them.",
        standing="Entry 4 of the signed ledger names this run.",
        checks=(Check("calibration", "1 inside, 1 outside", True, "the package: it always counts"),),
        level_shifts=("The level fell in March 2021.",),
        code=CodeVersion("0.1.0", "c0ffee", True),
        libraries={"numpy": "2.4.6"},
        platform="Linux",
        evidence=(
            EvidenceFile("leaderboard", file_names.LEADERBOARD),
            EvidenceFile("audit", file_names.AUDIT),
            EvidenceFile("gates", file_names.GATES),
            EvidenceFile("publications", file_names.PUBLICATIONS),
        ),
    )


def _all_given(text: str) -> RecordsSettings:
    return RecordsSettings(**dict.fromkeys(RecordsSettings.model_fields, text))


def _front_matter(card: str) -> dict[str, Any]:
    _, front, _ = card.split("---\n", 2)
    loaded = yaml.safe_load(front)
    assert isinstance(loaded, dict)
    return loaded


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line)


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(records.__path__)])
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"monitoring.records.{name}")).failed == 0


# What is missing


@pytest.mark.parametrize("name", EVERY)
def test_what_is_missing_is_marked_in_place_and_listed_at_the_top(facts: RecordFacts, name: str) -> None:
    text = EVERY[name](facts)
    marked = re.findall(r"MISSING: give records\.([a-z_]+) in settings", text)
    assert marked
    if name.endswith(".json"):
        assert json.loads(text)["missing"] == list(dict.fromkeys(marked))
        return
    top, *body = text.partition("## Missing")[2].split("\n## ")
    listed = re.findall(r"records\.([a-z_]+) in settings", top)
    assert listed == list(dict.fromkeys(re.findall(r"records\.([a-z_]+) in settings", "\n".join(body))))
    assert set(marked) == set(listed) <= set(RecordsSettings.model_fields)


def test_what_a_person_gives_stands_in_the_field_of_the_standard_that_asks_for_it(facts: RecordFacts) -> None:
    given = RecordsSettings(**{name: f"given {name}" for name in RecordsSettings.model_fields})
    document = json.loads(transparency_json_record(replace(facts, given=given)))
    found = {
        field["number"]: [text.removeprefix("given ") for text in field["text"] if text.startswith("given ")]
        for section in document["sections"]
        for field in section["fields"]
        if field["number"]
    }
    assert {number: names for number, names in found.items() if names} == {
        "0.4": ["phase"],
        "1.2": ["purpose"],
        "1.3": ["website"],
        "1.4": ["contact_email"],
        "2.1.1": ["organisation"],
        "2.1.2": ["team"],
        "2.1.3": ["senior_responsible_owner"],
        "2.1.4": ["supplier"],
        "2.1.4.1": ["supplier"],
        "2.1.4.2": ["supplier_number"],
        "2.1.4.3": ["supplier_role"],
        "2.1.4.4": ["procurement"],
        "2.1.4.5": ["supplier_data_access"],
        "2.2.2": ["legal_basis"],
        "2.2.3": ["benefit"],
        "2.2.4": ["previous_process"],
        "2.3.1": ["decisions"],
        "2.3.3": ["scale"],
        "2.3.4": ["human_review"],
        "2.3.5": ["training_given"],
        "2.3.6": ["appeals_contact"],
        "2.4.3.8": ["data_storage"],
        "2.4.3.9": ["data_sharing"],
        "2.4.4.4": ["data_storage"],
        "2.4.4.5": ["data_sharing"],
        "2.5.1": ["impact_assessments", "equality_assessment", "independent_scrutiny"],
    }
    assert {number.partition(".")[0] for number in found} == {"0", "1", "2"}
    assert {number[:3] for number in found if number.startswith("2")} == {"2.1", "2.2", "2.3", "2.4", "2.5"}


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_missing_once_all_is_given(facts: RecordFacts, name: str) -> None:
    text = EVERY[name](replace(facts, given=_all_given("Given by somebody")))
    assert "MISSING" not in text
    assert "## Missing" not in text
    assert "Given by somebody" in text


def test_every_setting_of_the_records_stands_in_one_of_them(facts: RecordFacts) -> None:
    together = "".join(record(facts) for record in MARKDOWN.values())
    assert set(re.findall(r"give records\.([a-z_]+)", together)) == set(RecordsSettings.model_fields)
    assert missing_settings(facts.given) == tuple(RecordsSettings.model_fields)
    assert missing_settings(_all_given("x")) == ()


@pytest.mark.parametrize("blank", ["", "  \n", "\u200b\u202e"])
def test_what_shows_nothing_is_missing(facts: RecordFacts, blank: str) -> None:
    given = RecordsSettings(organisation=blank)
    assert "organisation" in missing_settings(given)
    assert "give records.organisation in settings" in transparency_record(replace(facts, given=given))


def test_one_thing_given_is_no_longer_missing_and_the_rest_is(facts: RecordFacts) -> None:
    text = transparency_record(replace(facts, given=RecordsSettings(senior_responsible_owner="Chief Data Officer")))
    assert "Chief Data Officer" in text
    assert "records.senior_responsible_owner" not in text
    assert "records.team" in text


# Figures


def test_a_changed_score_changes_the_records_that_show_it_and_no_other_figure(facts: RecordFacts) -> None:
    changed = replace(facts, scores=(_score("wardcast", "area", 1, 1.7215, 0.9375), *facts.scores[1:]))
    for record in (transparency_record, model_card_record):
        before, after = record(facts), record(changed)
        assert "1.385" in before or "1.384" in before
        assert "1.722" in after or "1.721" in after
        same = [re.sub(r"1\.3845?|1\.385|1\.7215?|1\.722", "", text) for text in (before, after)]
        assert same[0] == same[1]
    for unaffected in (equality_record, datasheet_record, checklist_record):
        assert unaffected(facts) == unaffected(changed)


def test_the_figures_of_the_json_are_those_of_the_run_unrounded(facts: RecordFacts) -> None:
    document = json.loads(transparency_json_record(facts))
    found = {field["number"]: field for section in document["sections"] for field in section["fields"]}
    areas, city = found["2.4.2.7"]["tables"]
    rows = {(row["forecaster"], row["horizon"]): row for row in areas}
    assert rows["wardcast", 1]["mean Poisson deviance"] == 1.3845
    assert rows["wardcast", 1]["95% interval from"] == 0.9375 - 0.03125
    assert rows["ewma", 1]["mean Poisson deviance"] == 1.4915
    assert rows["noise floor", 1]["CRPS"] == 0.7775
    assert rows["noise floor", 1]["MAE"] is None
    assert [row["mean Poisson deviance"] for row in city] == [5.0625]
    (groups,) = [field for field in found.values() if field["name"] == "Audit by ethnic group"]
    assert [(row["group"], row["figure"], row["to"]) for row in groups["tables"][0]] == [
        ("Group A", 1.0125, 1.075),
        ("Group B", 0.7875, 0.85),
    ]


def test_the_front_matter_holds_the_scores_of_the_runs_own_model(facts: RecordFacts) -> None:
    front = _front_matter(model_card_record(facts))
    (index,) = front["model-index"]
    assert index["name"] == "Wardcast: Violence with injury in Testham"
    area, city = index["results"]
    values = {metric["type"]: metric["value"] for metric in area["metrics"]}
    assert values == {"mean_poisson_deviance": 1.3845, "crps": 0.8125, "log_score": -1.625, "coverage_90": 0.9125}
    assert set(values) <= set(front["metrics"])
    assert city["dataset"] == {
        "type": "wards",
        "name": "Violence with injury, city level, horizon 1, 2024-01 to 2024-12",
    }
    assert front["license"] == "unknown"
    given = _front_matter(model_card_record(replace(facts, given=RecordsSettings(licence="OGL 3"))))
    assert (given["license"], given["license_name"]) == ("other", "OGL 3")
    assert _front_matter(model_card_record(replace(facts, scores=())))["model-index"][0]["results"] == []


def test_the_datasheet_holds_what_is_known_of_a_publication(facts: RecordFacts) -> None:
    text = datasheet_record(facts)
    for part in (
        "a" * 64,
        "b" * 64,
        "2025-01-10",
        "2020-01 to 2024-12",
        "1 between them missing",
        "679 of 684 areas",
        "81,203",
        "31,337",
    ):
        assert part in text
    assert "101 of 40,400 rows (0.25%) were set aside" in text
    assert "| unknown area | 101 | 137 |" in text
    assert "| police-2024-01-10-ffff | 48 | 0.188 | -0.018 | 2023-07 |" in text
    assert "The first month was a stub." in text


@pytest.mark.parametrize("gap", ["value", "low", "high"])
def test_a_figure_without_its_interval_is_not_shown(facts: RecordFacts, gap: str) -> None:
    shown: dict[str, Any] = {"value": 1.4625, "low": 1.4, "high": 1.5, gap: None}
    bare = replace(facts.audit.figures[0], group="Bare", **shown)
    changed = replace(facts, audit=replace(facts.audit, figures=(bare,)))
    for record in EVERY.values():
        assert "1.462" not in record(changed)
    (line,) = [line for line in equality_record(changed).splitlines() if line.startswith("| calibration | Bare")]
    assert "not shown: it has no interval" in line


def test_a_run_of_the_simple_count_is_not_compared_with_itself(facts: RecordFacts) -> None:
    simple = replace(facts, model=replace(facts.model, name="ewma"))
    assert "is the simple count (ewma) itself" in checklist_record(simple)


@pytest.mark.parametrize(("view", "words"), [("settled", "as they stand now"), ("as-of", "settled later")])
def test_a_record_says_on_which_counts_its_scores_rest(facts: RecordFacts, view: str, words: str) -> None:
    for record in (transparency_record, model_card_record):
        assert words in record(replace(facts, view=view))


@pytest.mark.parametrize("end", ["vs_ewma", "vs_ewma_low", "vs_ewma_high"])
def test_a_ratio_to_the_simple_count_without_its_interval_is_not_shown(facts: RecordFacts, end: str) -> None:
    bare = replace(facts.scores[0], figures={**facts.scores[0].figures, "vs_ewma": 0.9375, end: None})
    changed = replace(facts, scores=(bare, *facts.scores[1:]))
    for record in EVERY.values():
        assert "0.938" not in record(changed)
        assert "0.9375" not in record(changed)
    assert "was not measured in this run" in checklist_record(changed)


def test_every_verdict_of_the_audit_stands_with_its_margin_and_caveat(facts: RecordFacts) -> None:
    for record in MARKDOWN.values():
        text = record(facts)
        for line in text.splitlines():
            if "| outside |" in line or "| inside |" in line:
                assert "0.9 to 1.11" in line
        if "inside" in text and "figures" in text and record is not datasheet_record:
            assert CAVEAT in text
    for heading, block in re.findall(r"^### ([^\n]*)\n(.*?)(?=^##|\Z)", equality_record(facts), re.M | re.S):
        if "verdict" in block:
            assert CAVEAT in block, heading


# The equality matrix and the checklist


def test_the_matrix_says_how_each_characteristic_was_looked_at(facts: RecordFacts) -> None:
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells[2:]]
        for cells in map(_cells, equality_record(facts).splitlines())
        if len(cells) == 7
    }
    assert rows["race"][:2] == ["measured", "ethnic group"]
    assert "of 2 figures 1 are inside their margin (ratio 0.9 to 1.11), 1 outside" in rows["race"][3]
    assert rows["disability"][0] == "proxied"
    assert rows["sex"][:2] == ["not measurable here", "–"]
    assert "not evidence" in rows["sex"][3]


def test_every_line_of_the_checklist_links_to_evidence(facts: RecordFacts) -> None:
    text = checklist_record(facts)
    lines = [
        line for line in text.splitlines() if line.startswith("|") and "---" not in line and "evidence |" not in line
    ]
    assert [_cells(line)[1].strip() for line in lines] == [
        *("Advisory", "Lawful", "Granularity", "Ownership", "Challengeable", "Accuracy", "Responsible", "Explainable"),
        *("Lawful", "Transparent", "Explainable", "Responsible", "Accountable", "Robust"),
    ]
    there = {*MARKDOWN, *(file.path for file in facts.evidence)}
    for line in lines:
        (path,) = re.findall(r"\]\(([^)]+)\)", line)
        assert path in there, line
    without = replace(facts, gates=(), evidence=facts.evidence[:2] + facts.evidence[3:])
    assert file_names.GATES not in checklist_record(without)


# Nothing about people


@pytest.mark.parametrize("name", EVERY)
def test_no_record_names_anybody_who_decides_and_each_says_that_it_is_about_places(
    facts: RecordFacts, name: str
) -> None:
    text = EVERY[name](facts)
    assert "Ada" not in text
    assert "Pat Proposer" not in text
    assert "places and never people" in text


def test_no_field_speaks_of_individuals(facts: RecordFacts) -> None:
    """Neither a name in the facts, nor a heading, a column or a key of a record."""
    names = {name for one in _dataclasses(RecordFacts) for name in (field.name for field in fields(one))}
    names |= set(RecordsSettings.model_fields)
    for record in MARKDOWN.values():
        lines = record(facts).splitlines()
        names |= {line for line in lines if line.startswith("#")}
        names |= {_cells(line)[1].strip() for line in lines if line.startswith("| ")}
        names |= {above for above, line in itertools.pairwise(lines) if line.startswith("| ---")}
    names |= set(_keys(json.loads(transparency_json_record(facts))))
    assert len(names) > 150
    assert [name for name in names if OF_PEOPLE.search(name)] == []


def _dataclasses(one: Any) -> Iterator[type]:
    """A dataclass of the records and every one that its fields hold."""
    if is_dataclass(one) and isinstance(one, type):
        yield one
        for hint in _hints(one):
            yield from _dataclasses(hint)
    for argument in get_args(one):
        yield from _dataclasses(argument)


def _hints(one: type) -> list[Any]:
    from typing import get_type_hints

    return list(get_type_hints(one).values())


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        yield from (str(value["name"]) for _ in range("name" in value))
        for below in value.values():
            yield from _keys(below)
    if isinstance(value, list):
        for below in value:
            yield from _keys(below)


@pytest.mark.parametrize("planted", ["Suspect rate", "victim_name", "### Nominals scored", "officer"])
def test_a_planted_field_about_people_would_be_found(planted: str) -> None:
    assert OF_PEOPLE.search(planted)


@pytest.mark.parametrize("name", EVERY)
def test_a_simulated_city_is_told_at_the_top(facts: RecordFacts, name: str) -> None:
    simulated = replace(facts, settings=SETTINGS.model_copy(update={"simulated": True}))
    assert "SIMULATED" in EVERY[name](simulated)
    assert "SIMULATED" not in EVERY[name](facts)


# Hostile text


@pytest.mark.parametrize("name", MARKDOWN)
def test_hostile_text_adds_no_line_no_cell_and_no_markup(facts: RecordFacts, name: str) -> None:
    """In what people give, and in what the run holds: city, title, file, wording, group, note."""
    quiet, loud = (_with_text(facts, text) for text in ("quiet", HOSTILE))
    before, after = MARKDOWN[name](quiet).splitlines(), MARKDOWN[name](loud).splitlines()
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        if one.startswith("|"):
            assert len(_cells(one)) == len(_cells(other))
        assert re.match(r"(#+ |\| |- )?", one)[0] == re.match(r"(#+ |\| |- )?", other)[0]  # type: ignore[index]
    body = "\n".join(after).split("---\n", 2)[-1] if name == file_names.MODEL_CARD_FILE else "\n".join(after)
    assert "<" not in body
    assert not re.search(r"(?<!\\)\[a(?<!\\)\]", body)
    assert "\u202e" not in body
    assert "\x00" not in body
    assert "&lt;script&gt;" in body


def _with_text(facts: RecordFacts, text: str) -> RecordFacts:
    publication = replace(
        facts.publications[0],
        id=text,
        file_name=text,
        source=text,
        notes=(text,),
        wordings=(WordingFacts(text, text, "2020-01", "2024-12", 3),),
        set_aside=(SetAsideFacts(text, 1, 1),),
        revisions=(RevisionFacts(text, 1, 0.5, None, None),),
    )
    figures = tuple(replace(one, group=text, attribute=text) for one in facts.audit.figures)
    return replace(
        facts,
        given=_all_given(text),
        settings=SETTINGS.model_copy(update={"city": text}),
        target_title=text,
        geography=text,
        publications=(publication,),
        audit=replace(facts.audit, figures=figures, notes=(text,)),
        level_shifts=(text,),
        platform=text,
    )


def test_hostile_text_is_the_same_text_in_the_json_and_in_the_front_matter(facts: RecordFacts) -> None:
    loud = _with_text(facts, HOSTILE)
    document = json.loads(transparency_json_record(loud))
    found = {field["number"]: field for section in document["sections"] for field in section["fields"]}
    assert found["2.1.1"]["text"] == [clean(HOSTILE)]
    front = _front_matter(model_card_record(loud))
    assert front["license_name"] == clean(HOSTILE)
    assert clean(HOSTILE) in front["model-index"][0]["name"]


TEXTS = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\\`*_[]|~$#<>&+-=:.)1\n\t \u2028")), max_size=60)


@given(TEXTS)
@example("1.")
@example("12) a")
@example("-\u200b-")
def test_escaped_text_is_one_line_with_nothing_left_to_read_as_markup(text: str) -> None:
    for line in (escaped(text), escaped_paragraph(text)):
        assert "\n" not in line
        assert len(line.splitlines()) <= 1
        assert "<" not in line
        assert ">" not in line
        left = re.sub(r"\\[\\`*_\[\]|~$#+\-=:.)]", "", line)
        assert not re.search(r"[\\`*_\[\]|~$#]", left)
        assert html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line)) == html.unescape(
            clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        )
    assert not re.match(r"[+\-=:]|\d+[.)]", escaped_paragraph(text))


@given(TEXTS)
def test_any_text_is_itself_again_after_yaml_and_json(text: str) -> None:
    from monitoring.records.model_card import _scalar

    assert yaml.safe_load(f"a: {_scalar(text)}") == {"a": clean(text)}
    assert json.loads(_scalar(text)) == clean(text)
