"""What several records say in the same words, with the run's own figures."""

from __future__ import annotations

from contracts.run_files import BASELINE
from monitoring.records.document import PLACES_NOT_PEOPLE
from monitoring.records.facts import RecordFacts

RECORDED_CRIME = (
    "The counts are crimes that were recorded, not crimes that happened: what is reported differs by place and time, "
    "and part of what is recorded reflects where officers look. No forecast made from them repairs that, and an audit "
    "against them alone certifies the records."
)
HUMAN_DECISIONS = (
    "The tool decides nothing. It is served only from a model that a named person of the board approved with a reason; "
    "nobody approves what they trained or proposed; a withdrawn model is refused within seconds. Every decision and "
    "every issued forecast is an entry of a signed, append-only ledger."
)
CHALLENGES = (
    "Anyone can dispute the forecast of an area (wardcast challenge open). A reply is due in {days} days; "
    "the decision needs a rerun and somebody other than whoever opened the challenge. Forecast, challenge "
    "and outcome stay in the ledger, and any issued forecast can be made again and compared byte by byte."
)


def introduction(facts: RecordFacts, about: str) -> tuple[str, ...]:
    """How every record begins: what it is about, what it rests on, and what it never says."""
    lines = [
        about,
        f"Made from run {facts.run_id} ({facts.kind}, {facts.started_on}) by a command; every figure is the run's. "
        "No entry of the ledger is about this record.",
        PLACES_NOT_PEOPLE,
    ]
    if facts.simulated:
        lines.insert(0, "SIMULATED: this city does not exist, and nothing in this record happened.")
    return tuple(lines)


def scored_on(facts: RecordFacts) -> str:
    """On what the scores rest."""
    known = (
        "counts as they stand now, which is easier than life was"
        if facts.view == "settled"
        else "what was known before each period, or, where no publication of the time is in the store, counts as "
        "they were settled later"
    )
    return (
        f"Scores are of past periods, {facts.first} to {facts.last}, of {facts.areas:,} areas ({facts.geography}), "
        f"forecast from {known}. A horizon counts whole periods after the last known one; scored and audited were "
        f"{facts.horizons}, of which the figures of the audit here are of {facts.main_horizon}."
    )


def performance(facts: RecordFacts) -> str:
    """The main score in a sentence, with its interval or not at all."""
    if facts.model.name == BASELINE:
        return f"The run's own forecaster is the simple count ({BASELINE}) itself."
    one = facts.score("area", facts.main_horizon)
    figures = [] if one is None else [one.figure(f"vs_{BASELINE}{end}") for end in ("", "_low", "_high")]
    if one is None or None in figures or not figures:
        return f"How {facts.model.name} compares with the simple count ({BASELINE}) was not measured in this run."
    ratio, low, high = figures
    return (
        f"At horizon {facts.main_horizon} the mean Poisson deviance of {facts.model.name} over that of the simple "
        f"count ({BASELINE}) is {ratio:.3f} (95% interval {low:.3f} to {high:.3f}); under 1 is better than the simple "
        "count."
    )


def challenges(facts: RecordFacts) -> str:
    """How a forecast is disputed."""
    return CHALLENGES.format(days=facts.settings.life_cycle.challenge_reply_days)


def roles(facts: RecordFacts) -> str:
    """How many people hold each role; names stay in the ledger."""
    if not facts.roles:
        return "No roles are assigned in the settings: any named person may approve what they did not train or propose."
    held = ", ".join(f"{role}: {count}" for role, count in sorted(facts.roles.items()))
    return f"People in each role ({held}). Names are in the ledger and not here."


def version(facts: RecordFacts) -> str:
    """Which model and code."""
    model, code = facts.model, facts.code
    which = (
        "Model not registered: the run compares forecasters and made no model to be approved"
        if model.version is None
        else f"Model version {model.version}, sha256 {model.sha256}, trained on counts to {model.last_known} as known "
        f"on {model.as_of}"
    )
    if code is None:
        return f"{which}; the version of the code was not recorded. {facts.standing}"
    state = {True: "clean tree", False: "tree with changes that were not committed", None: "state of the tree unknown"}
    commit = "not from a checkout" if code.commit is None else f"commit {code.commit}, {state[code.tree_clean]}"
    return f"{which}; code wardcast {code.version}, {commit}. {facts.standing}"


def inputs(facts: RecordFacts) -> str:
    """What goes into a forecast."""
    return (
        f"Counts of recorded crime by area, offence and {facts.settings.frequency}, as published; which areas touch; "
        "the calendar"
        + (f" with the holidays of {facts.settings.holidays}." if facts.settings.holidays else ".")
        + " Groups of residents and deprivation are used to audit and never to forecast."
    )


def outputs(facts: RecordFacts) -> str:
    """What comes out."""
    ahead = facts.settings.forecast.periods_ahead
    return (
        f"For each area and each of the next {ahead} periods: the expected count, intervals of 50%, 80%, 90% and 95%, "
        "the probability of at least one crime, and reasons in crimes that add up to the expected count; the same for "
        "larger areas and the city. None of it says where somebody will be, or who."
    )
