"""Pictures as SVG whose text is text. Colours stand as attributes for paper; the page's style sheet overrides them by
class, for a dark screen too. Every picture has a title and a description for whoever does not see it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from contracts.arrays import Floats
from monitoring.report.wording import figure, is_ratio, number, sentence

Row = Mapping[str, Any]

INK, MUTED, BAND, LINE = "#17202e", "#4d5a6c", "#dcebdf", "#c3ccd8"
VERDICT_COLOURS = {"inside": "#1f6b3a", "outside": "#a3261b", "not enough evidence": "#4d5a6c"}
WIDTH, ROW, SIDE, TOP, BOTTOM = 380.0, 38.0, 10.0, 6.0, 34.0
_FONT = 'font-family="Liberation Sans, Arial, sans-serif"'
UNIT_LINE, LINE_HEIGHT = 44, 14.0
"""So many letters of the unit fit into a line in any typeface."""
_TICKS = 5
MAP_WIDTH = 1000.0
LEAST_RATIO, MOST_RATIO = 0.2, 5.0
"""A ratio's axis reaches no further: intervals beyond it are cut, and the table beneath has their ends."""


def interval_plot(rows: Sequence[Row], *, identity: str, title: str, description: str) -> Markup:
    """A dot and its 95% interval for each row over the band of the margin; rows without an interval say so.

    ``rows`` hold ``label, value, low, high, unit, margin, verdict``, all of one unit and margin.
    """
    unit, margin = rows[0]["unit"], rows[0]["margin"]
    axis = Axis.around(rows, margin, unit)
    height = TOP + ROW * len(rows) + BOTTOM
    below = wrap(unit, UNIT_LINE)[1:]
    parts = [
        _band(axis, margin, height),
        *(_ticks(axis, height, wrap(unit, UNIT_LINE)[0])),
        *(_text(WIDTH / 2, height - 4 + LINE_HEIGHT * at, line, "middle", "note") for at, line in enumerate(below, 1)),
        *(_row(axis, one, at) for at, one in enumerate(rows)),
    ]
    return _picture(parts, WIDTH, height + LINE_HEIGHT * len(below), identity, title, description)


class Axis:
    """Where a value lies across the picture: by its logarithm if it is a ratio."""

    def __init__(self, low: float, high: float, *, logarithmic: bool) -> None:
        self.low, self.high, self.logarithmic = low, high, logarithmic

    @classmethod
    def around(cls, rows: Sequence[Row], margin: Sequence[float | None], unit: str) -> Axis:
        """An axis that shows the margin, every value, and the intervals as far as they are not endless."""
        ratio = is_ratio(unit) and unit != "elasticity"
        neutral = 1.0 if ratio else 0.0
        ends = [neutral, *(end for end in margin if end is not None)]
        ends += [row[name] for row in rows for name in ("value", "low", "high") if row[name] is not None]
        low, high = min(ends), max(ends)
        if ratio:
            low, high = max(low, LEAST_RATIO) / 1.05, min(high, MOST_RATIO) * 1.05
        else:
            spread = max(high - low, 1e-6)
            low, high = low - 0.06 * spread, high + 0.06 * spread
        return cls(low, high, logarithmic=ratio)

    def at(self, value: float) -> float:
        """Across the picture, cut at its sides."""
        inside = min(max(value, self.low), self.high)
        share = (
            math.log(inside / self.low) / math.log(self.high / self.low)
            if self.logarithmic
            else (inside - self.low) / (self.high - self.low)
        )
        return SIDE + share * (WIDTH - 2 * SIDE)

    def ticks(self) -> list[float]:
        """Round values along the axis."""
        if self.logarithmic:
            marks = [0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0]
            shown = [mark for mark in marks if self.low <= mark <= self.high]
            while len(shown) > _TICKS + 1:
                keep = shown.index(1.0) % 2
                shown = [mark for at, mark in enumerate(shown) if at % 2 == keep]
            return shown
        rough = (self.high - self.low) / _TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(one * power for one in (1.0, 2.0, 5.0, 10.0) if one * power >= rough)
        first = math.ceil(self.low / step)
        return [step * at for at in range(first, math.floor(self.high / step) + 1)]


def area_map(
    outlines: Sequence[Sequence[Floats]],
    bands: Sequence[str | None],
    colours: Mapping[str, str],
    *,
    identity: str,
    title: str,
    description: str,
) -> Markup:
    """A map of areas coloured by band, one path a band; ``colours`` has the order of the bands, None is grey.

    ``outlines`` are rings of longitude and latitude.
    """
    rings = [ring for area in outlines for ring in area]
    if not rings:
        raise ValueError("there is no outline to draw")
    points = np.concatenate(rings)
    low, high = points.min(axis=0), points.max(axis=0)
    narrowing = float(np.cos(np.radians((low[1] + high[1]) / 2.0)))
    scale = MAP_WIDTH / max((high[0] - low[0]) * narrowing, 1e-9)
    height = max(scale * float(high[1] - low[1]), 1.0)
    order: list[str | None] = [*colours, None]
    parts = []
    for at, band in enumerate(order):
        drawn = "".join(
            _ring(ring, low, high, narrowing, scale)
            for area, own in zip(outlines, bands, strict=True)
            if own == band
            for ring in area
        )
        if drawn:
            name = f"band-{at}" if band is not None else "band-none"
            colour = colours[band] if band is not None else "#c9ced6"
            parts.append(
                Markup('<path class="{}" fill="{}" stroke="#ffffff" stroke-width="1.5" d="{}"/>').format(
                    name, colour, drawn
                )
            )
    return _picture(parts, MAP_WIDTH, height, identity, title, description)


def _ring(ring: Floats, low: Floats, high: Floats, narrowing: float, scale: float) -> str:
    across = np.rint((ring[:, 0] - low[0]) * narrowing * scale).astype(int)
    down = np.rint((high[1] - ring[:, 1]) * scale).astype(int)
    corners = np.column_stack([across, down])
    moved = np.concatenate([[True], (np.diff(corners, axis=0) != 0).any(axis=1)])
    return f"M{' L'.join(f'{x} {y}' for x, y in corners[moved])} Z "


def _picture(
    parts: Sequence[Markup], width: float, height: float, identity: str, title: str, description: str
) -> Markup:
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" role="img" '
        'aria-labelledby="{i}-title {i}-text">'
        '<title id="{i}-title">{t}</title><desc id="{i}-text">{d}</desc>{p}</svg>'
    ).format(w=width, h=height, i=identity, t=title, d=description, p=Markup("").join(parts))


def _band(axis: Axis, margin: Sequence[float | None], height: float) -> Markup:
    low = axis.low if margin[0] is None else margin[0]
    high = axis.high if margin[1] is None else margin[1]
    return Markup('<rect class="margin" fill="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        BAND, axis.at(low), TOP, max(axis.at(high) - axis.at(low), 0.5), height - TOP - BOTTOM
    )


def _ticks(axis: Axis, height: float, unit: str) -> list[Markup]:
    foot = height - BOTTOM
    parts = [_text(WIDTH / 2, height - 4, unit, "middle", "note")]
    for mark in axis.ticks():
        at = axis.at(mark)
        words = f"{mark:g}".replace("-", "−") if axis.logarithmic or abs(mark) < 1000 else number(mark, 0)
        parts.append(
            Markup('<line class="grid" stroke="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                LINE, at, at, TOP, foot + 3
            )
        )
        parts.append(_text(min(max(at, SIDE + 4), WIDTH - SIDE - 4), foot + 14, words, "middle", "note"))
    return parts


def _row(axis: Axis, row: Row, at: int) -> Markup:
    top = TOP + ROW * at
    middle = top + 26.0
    told = figure(row)
    words = told if row["value"] is not None else "not enough to show"
    parts = [
        _text(SIDE, top + 14, sentence(row["label"]), "start", "label"),
        _text(WIDTH - SIDE, top + 14, words, "end", "label"),
    ]
    if row["value"] is not None and row["low"] is not None and row["high"] is not None:
        colour = VERDICT_COLOURS[row["verdict"]]
        name = row["verdict"].replace(" ", "-")
        parts.append(
            Markup(
                '<line class="{}" stroke="{}" stroke-width="3" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
            ).format(name, colour, axis.at(row["low"]), axis.at(row["high"]), middle, middle)
        )
        parts.append(_marker(axis.at(row["value"]), middle, row["verdict"], name, colour))
    return Markup("").join(parts)


def _marker(x: float, y: float, verdict: str, name: str, colour: str) -> Markup:
    """A disc inside the margin, a diamond outside it, a ring where there is not enough evidence."""
    if verdict == "outside":
        points = f"{x:.1f},{y - 7:.1f} {x + 7:.1f},{y:.1f} {x:.1f},{y + 7:.1f} {x - 7:.1f},{y:.1f}"
        return Markup('<polygon class="{} solid" fill="{}" points="{}"/>').format(name, colour, points)
    fill = colour if verdict == "inside" else "#ffffff"
    kind = "solid" if verdict == "inside" else "hollow"
    return Markup(
        '<circle class="{} {}" fill="{}" stroke="{}" stroke-width="2" cx="{:.1f}" cy="{:.1f}" r="4.5"/>'
    ).format(name, kind, fill, colour, x, y)


def _text(x: float, y: float, words: object, anchor: str, name: str) -> Markup:
    size, colour = ("12", INK) if name == "label" else ("11", MUTED)
    return Markup(
        f'<text class="{{}}" {_FONT} font-size="{{}}" fill="{{}}" x="{{:.1f}}" y="{{:.1f}}" '
        'text-anchor="{}">{}</text>'
    ).format(name, size, colour, x, y, anchor, escape(words))
