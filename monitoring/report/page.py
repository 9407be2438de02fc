"""The report as one HTML page, and as a PDF of the same page. Nothing in it comes from outside or needs a script."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from contracts import MissingThing
from monitoring.report.drawing import area_map, interval_plot
from monitoring.report.maps import COLOURS, TOO_FEW
from monitoring.report.subject import Areas, ReportInput
from monitoring.report.wording import counted, figure, is_ratio, limit, listed, number, sentence

Row = dict[str, Any]
TEMPLATE, STYLE, SCREEN, PRINT = "report.html.j2", "report.css", "screen.css", "print.css"


def report_page(document: Row, report: ReportInput) -> str:
    """The HTML of a public document; ``report`` gives the outlines of the maps."""
    return _rendered(document, report, plain_only=False)


def plain_page(document: Row, report: ReportInput) -> str:
    """The plain pages alone, as they are printed."""
    return _rendered(document, report, plain_only=True)


def pdf_of(page: str) -> bytes:
    """A page on paper (A4). Raises ``MissingThing`` where the library that sets the text is not installed."""
    try:
        from weasyprint import HTML
    except OSError as error:
        raise MissingThing(
            "The PDF cannot be made: WeasyPrint does not find Pango.",
            remedy="Install it (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0).",
        ) from error
    return bytes(HTML(string=page).write_pdf())


def _rendered(document: Row, report: ReportInput, *, plain_only: bool) -> str:
    template = _environment().get_template(TEMPLATE)
    maps = {} if plain_only else {one.target: _maps(row, one.areas) for one, row in _pairs(document, report)}
    return template.render(
        document=document,
        maps=maps,
        plain_only=plain_only,
        style=Markup(_text(STYLE)),
        screen_style=Markup(_text(SCREEN)),
        print_style=Markup(_text(PRINT)),
        too_few=TOO_FEW,
    )


def _pairs(document: Row, report: ReportInput) -> list[tuple[Any, Row]]:
    return list(zip(report.subjects, document["subjects"], strict=True))


def _maps(subject: Row, areas: Areas) -> list[Row]:
    """The three maps of a target, each with its legend; none where no outline is known."""
    if not any(areas.outlines):
        return []
    return [_map(subject, areas, kind, title) for kind, title in _titles(subject).items()]


def _titles(subject: Row) -> dict[str, str]:
    return {
        "level": f"Where {subject['title'].lower()} was forecast",
        "flagged": "Which areas were flagged",
        "against_forecast": "Where more or fewer crimes happened than forecast",
    }


def _map(subject: Row, areas: Areas, kind: str, title: str) -> Row:
    bands = [row[kind] for row in subject["areas"]]
    legend: list[Row] = [
        {"words": words, "colour": colour, "number": bands.count(words), "name": f"band-{at}"}
        for at, (words, colour) in enumerate(COLOURS[kind].items())
    ]
    if None in bands:
        legend.append({"words": TOO_FEW, "colour": "#c9ced6", "number": bands.count(None), "name": "band-none"})
    told = "; ".join(f"{one['words']}: {counted(one['number'], 'area', 'areas')}" for one in legend)
    most = next(iter(COLOURS[kind]))
    districts = _districts(subject, kind, most)
    description = f"A map of {counted(len(bands), 'area', 'areas')}. {sentence(told)}.{districts}"
    identity = f"map-{subject['target']}-{kind}"
    picture = area_map(areas.outlines, bands, COLOURS[kind], identity=identity, title=title, description=description)
    return {"kind": kind, "title": title, "svg": picture, "legend": legend, "description": description}


def _districts(subject: Row, kind: str, words: str) -> str:
    """Which districts have most of the areas in the first band, as a sentence."""
    counts: dict[str, int] = {}
    for row in subject["areas"]:
        if row[kind] == words and row["district"]:
            counts[row["district"]] = counts.get(row["district"], 0) + 1
    most = sorted(counts, key=lambda name: (-counts[name], name))[:3]
    return f" Most of the areas {words} lie in {listed(most)}." if most else ""


def _plot(rows: list[Row], identity: str, title: str) -> Markup:
    verdicts = [row["verdict"] for row in rows]
    told = [
        f"{counted(verdicts.count(verdict), 'group', 'groups')} {words}"
        for verdict, words in (
            ("inside", "inside the margin"),
            ("outside", "outside it"),
            ("not enough evidence", "without enough evidence"),
        )
    ]
    description = f"Dots with 95% intervals: {listed(told)}. The table beneath has every figure."
    return interval_plot(rows, identity=identity, title=title, description=description)


def _anchor(*parts: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else "-" for letter in part.lower()) for part in parts)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"figure": figure, "sentence": sentence, "number": number}
    environment.globals |= {
        "limit": limit,
        "plot": _plot,
        "anchor": _anchor,
        "counted": counted,
        "listed": listed,
        "is_ratio": is_ratio,
    }
    return environment


def _text(name: str) -> str:
    return resources.files("monitoring.report").joinpath("templates", name).read_text(encoding="utf-8")
