"""The history of a target's models as a page that a layperson can read. It refers to nothing outside this service."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from service.history import Event, History, ModelVersion, gates_sentence
from service.wording import inconclusive_sentence, override_sentence

EXPLANATION = (
    "A model computes how many crimes are to be expected in each area. None is used until a named person of the "
    "oversight board approves it, and nobody can approve a model that they trained or proposed themselves. Before "
    "that, the model is held against limits; no entry of the ledger says that anybody sealed them before its results "
    "were known. Each of these gates passes, fails, finds not enough evidence, or finds something outside a margin "
    "that does not count. What is decided is written down here, with the reason, and cannot be rewritten unseen."
)
STATES: Mapping[str, str] = {
    "draft": "trained, not proposed",
    "proposed": "waits for the board",
    "approved": "in use",
    "superseded": "was in use until another was approved",
    "withdrawn": "withdrawn: its forecasts are not shown any more",
    "rejected": "rejected by the board",
}

_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Wardcast: the models of {title}</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/page.css">
</head>
<body>
  <header class="top"><div class="brand"><div>
    <h1>{title} <span class="city">{city}</span></h1>
    <p class="subtitle">The history of its models. <a href="/">Back to the map</a></p>
  </div></div></header>
  <main class="history">
    {simulated}
    <section class="card"><h2>Now</h2><p id="standing">{standing}</p><p class="hint">{explanation}</p></section>
    <section class="card"><h2>Models</h2>{versions}</section>
    <section class="card"><h2>Challenges</h2>{challenges}</section>
    <section class="card"><h2>What happened, the newest first</h2><ol class="events">{events}</ol></section>
  </main>
  <footer><p>From the ledger, entry by entry. Models of other targets: {others}.</p></footer>
</body>
</html>
"""


def history_page(history: History, *, city: str, simulated: bool, others: Mapping[str, str]) -> str:
    """The page as HTML; ``others`` maps other targets to their titles."""
    links = [f'<a href="/models/{escape(name)}">{escape(title)}</a>' for name, title in others.items()]
    return _PAGE.format(
        title=escape(history.title),
        city=escape(city),
        simulated='<div class="banner" role="note"><strong>Simulated city.</strong> Nothing in it happened.</div>'
        if simulated
        else "",
        standing=escape(history.standing),
        explanation=escape(EXPLANATION),
        versions="".join(_version(one) for one in history.versions) or "<p>None was proposed or decided on yet.</p>",
        challenges=_challenges(history),
        events="".join(_event(one) for one in history.events) or "<li>Nothing yet.</li>",
        others=", ".join(links) or "none",
    )


def _version(one: ModelVersion) -> str:
    lines = [gates_sentence(one.gates), *(override_sentence(override) for override in one.overrides)]
    if one.inconclusive is not None:
        lines.append(inconclusive_sentence(one.inconclusive))
    lines.append(f"Run {one.run_id}.")
    return (
        f"<h3>Version {one.version}: {escape(STATES[one.state])}</h3>"
        f"{''.join(f'<p>{escape(line)}</p>' for line in lines)}"
    )


def _challenges(history: History) -> str:
    if not history.challenges:
        return "<p>Nobody has disputed a forecast. Anyone may.</p>"
    items = []
    for one in history.challenges:
        words = f"Number {one.number}, area {one.area} in {one.forecast_id}, by {one.opened_by}: {one.reason}"
        words += f" A reply is due by {one.reply_by}." if one.reply is None else f" Reply: {one.reply}"
        words += f" Computed again as {one.rerun}." if one.rerun else ""
        words += f" Outcome: {one.outcome}, because {one.decision}" if one.outcome else f" It is {one.state}."
        items.append(f"<li>{escape(words)}</li>")
    return f"<ul>{''.join(items)}</ul>"


def _event(event: Event) -> str:
    lines = [f"Reason: {event.reason}"] if event.reason else []
    lines += event.details
    more = "".join(f'<p class="hint">{escape(line)}</p>' for line in lines)
    when = f'<time datetime="{escape(event.at)}">{escape(event.at[:10])}</time>'
    return f"<li>{when} {escape(event.what)} <small>Entry {event.entry}</small>{more}</li>"
