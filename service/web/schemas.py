"""What the API answers, for its OpenAPI document; ``service.web.snapshot`` encodes the answers themselves ahead."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Document = TypeVar("Document")


BandName = Literal["much_above", "above", "average", "below", "well_below"]


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Several(_Schema, Generic[Document]):
    """Where several values of a parameter are asked for: a document for each target and period, in that order."""

    answers: list[Document]


class Issue(_Schema):
    """Which issued forecast an answer comes from."""

    forecast_id: Annotated[str, Field(description="Name of the issued forecast, as in the ledger.")]
    issued_at: Annotated[str, Field(description="When its ledger entry was written, UTC.")]
    issued_by: str
    city: str
    geography: str
    frequency: str
    as_of: Annotated[str, Field(description="The day whose knowledge the forecast used.")]
    replay: Annotated[bool, Field(description="True: issued as of a day in the past.")]
    simulated: Annotated[bool, Field(description="True: the city and its crimes are simulated.")]


class HarmWeights(_Schema):
    """How harm was weighed; the weights are those of the source, never of this project."""

    unit: Annotated[str, Field(description="What a weight counts.")]
    source: Annotated[str, Field(description="Where the weights come from.")]
    interval: Annotated[float, Field(description="Probability of the interval, given the mix and the weights.")]
    mix_years: Annotated[int, Field(description="The newest years whose crimes make an area's mix of offences.")]
    weights: Annotated[dict[str, float], Field(description="Offence → harm of one crime.")]


class Harm(_Schema):
    """Expected harm; a rare offence of great weight can lift the mean above the interval."""

    mean: Annotated[float, Field(ge=0, description="Expected harm, in the unit of the weights.")]
    low: Annotated[float, Field(ge=0, description="Lower end of the interval.")]
    high: Annotated[float, Field(ge=0, description="Upper end of the interval.")]


class GateOverride(_Schema):
    """A gate that the model failed, and who overrode it."""

    gate: str
    by: str
    reason: str
    entry: Annotated[int, Field(description="Number of its ledger entry.")]


class Inconclusive(_Schema):
    """Gates that found not enough evidence, and who approved the model all the same."""

    gates: Annotated[list[str], Field(description="Empty where no gate was recorded with its run.")]
    by: str
    reason: str


class Envelope(Issue):
    """What every forecast says of itself."""

    target: str
    title: str
    period: Annotated[str, Field(description="The forecast period.")]
    first_day: Annotated[str, Field(description="Its first day.")]
    last_day: Annotated[str, Field(description="Its last day.")]
    is_next_period: Annotated[bool, Field(description="The first whole period that begins after the as-of day.")]
    horizon: Annotated[int, Field(description="Whole periods after the last known one.")]
    last_known_period: str
    model_version: int
    model_run_id: str
    model_sha256: str
    approved_by: str
    approved_at: str
    harm: Annotated[HarmWeights | None, Field(description="Null where the settings do not weigh the target.")]
    gate_overrides: Annotated[list[GateOverride], Field(description="Gates that it failed and the board overrode.")]
    inconclusive: Annotated[Inconclusive | None, Field(description="Null where every gate had evidence, or not known.")]
    note: Annotated[str, Field(description="The same in words.")]


class CountForecast(_Schema):
    """The predictive distribution of the count of one area or larger area."""

    area: str
    name: str
    mean: Annotated[float, Field(description="Expected crimes in the area and period.")]
    q025: float
    q05: float
    q10: float
    q25: float
    q50: float
    q75: float
    q90: float
    q95: float
    q975: float
    p_at_least_one: Annotated[float, Field(ge=0, le=1, description="Probability of at least one crime.")]
    harm: Annotated[Harm | None, Field(description="Expected harm; null where the settings do not weigh the target.")]


class LargerArea(CountForecast):
    """A district or the city: the sum of its areas."""

    areas: Annotated[int, Field(ge=1, description="How many areas it sums.")]


class AreaForecast(CountForecast):
    """The forecast of one area, and how it stands beside the others."""

    parent: Annotated[str | None, Field(description="Code of the area it nests in.")]
    parent_name: Annotated[str | None, Field(description="Name of that area; null where it is not known.")]
    rank: Annotated[int, Field(ge=1, description="1 is the highest expected count of the city.")]
    risk_score: Annotated[float, Field(ge=0, description="Expected count as a multiple of the city's mean area.")]
    band: BandName
    flagged: Annotated[bool | None, Field(description="Whether it is flagged; null where issued without flags.")]
    rank_low: Annotated[
        int | None, Field(description="Nearest the top of the 80% interval of its rank; null where issued without.")
    ]
    rank_high: Annotated[int | None, Field(description="Furthest from the top of the same interval.")]
    p_highest: Annotated[
        float | None, Field(description="Probability that its count is among the highest, as many as are flagged.")
    ]
    place: Annotated[int | None, Field(description="Its place in the order in which areas are flagged, from 1.")]
    per_km2: Annotated[float, Field(description="Expected crimes per square kilometre.")]
    per_1000_residents: Annotated[
        float | None, Field(description="Expected crimes per 1,000 residents; null where residents are not known.")
    ]
    a_year_before: Annotated[
        int | None,
        Field(description="Count in the same period a year earlier, as it was known; null where it was not."),
    ]


class PeriodForecast(AreaForecast):
    """One area's forecast of one period."""

    period: str
    is_next_period: bool
    horizon: int


class Forecasts(Envelope):
    """Areas from the highest expected count to the lowest."""

    areas: list[AreaForecast]
    next: Annotated[str | None, Field(description="The cursor of the next page; absent where the answer is whole.")] = (
        None
    )


class FlagRule(_Schema):
    """The one rule by which areas are flagged: issued, shown, audited and simulated."""

    rule: Literal["count", "rate", "density", "harm"]
    share: Annotated[float, Field(description="Share of the areas, by their number.")]
    number: Annotated[int | None, Field(description="So many areas, in place of the share.")]
    words: Annotated[str, Field(description="The rule in words.")]


class Flags(Forecasts):
    """The flagged areas, from the highest expected count to the lowest."""

    flags: FlagRule
    chosen_by: str
    expected_share: Annotated[float, Field(description="Share of the city's expected crimes in these areas.")]


class Hotspots(Forecasts):
    """The densest areas within a share of the land; these are not the audited flags, which ``Flags`` holds."""

    share: float
    chosen_by: str
    land_share: Annotated[float, Field(description="Share of the city's land in these areas.")]
    expected_share: Annotated[float, Field(description="Share of the city's expected crimes in these areas.")]


class Level(_Schema):
    """The larger areas of one level."""

    level: Annotated[str, Field(description="'parents', 'city' or the name of a geography.")]
    title: str
    areas: list[LargerArea]


class Levels(Envelope):
    """Districts and the city; every mean is the sum of its areas' means."""

    made_by: str
    levels: Annotated[list[Level], Field(description="The finest level first.")]


class Reason(_Schema):
    """What one group of reasons adds to an area's expected count."""

    group: Annotated[str, Field(description="The group: usual_level, city_level, recent_trend, season, and others.")]
    label: Annotated[str, Field(description="The group in a word or two.")]
    meaning: Annotated[str, Field(description="The same in a sentence.")]
    crimes: Annotated[float, Field(description="Crimes; those of all groups add up to the mean.")]


class OneArea(Envelope):
    """One area's forecast of the asked period with its reasons, and of every issued period."""

    forecast: AreaForecast
    reasons: Annotated[list[Reason] | None, Field(description="Null where the forecast was issued without reasons.")]
    periods: Annotated[list[PeriodForecast], Field(description="From the next period on.")]
    earlier_periods: Annotated[
        list[PeriodForecast], Field(description="Periods that had begun when it was issued; empty in older forecasts.")
    ]


class KnownCount(_Schema):
    """A count as it was known on the as-of day; null where it was not known."""

    period: str
    count: int | None
    settled: Annotated[bool, Field(description="True: known only from a publication later than the as-of day.")]


class History(Envelope):
    """One area's counts before the forecast."""

    area: str
    name: str
    history: list[KnownCount]


class BandMeaning(_Schema):
    """One step of the legend."""

    band: str
    label: str
    at_least: Annotated[float, Field(description="Lowest risk score in it.")]


class Publication(_Schema):
    """A file of counts that the forecast saw."""

    id: str
    published_on: str
    sha256: Annotated[str, Field(description="SHA-256 of the file as it was published.")]


class Summary(Issue):
    """What is served: targets, periods, models, approvals and the legend."""

    next_period: str
    hotspot_share: Annotated[float, Field(description="Share of the land that /v1/hotspots answers with; no flags.")]
    flags: Annotated[FlagRule | None, Field(description="The rule of flags; null where issued without.")]
    publications: list[Publication]
    bands: list[BandMeaning]
    targets: list[dict[str, Any]]
    levels: Annotated[list[str], Field(description="Larger areas that /v1/levels answers for; empty if none.")]
    note: str


class ModelVersion(_Schema):
    """A model that was proposed or decided on, and where it stands."""

    version: int
    state: Literal["draft", "proposed", "approved", "superseded", "withdrawn", "rejected"]
    run_id: str
    sha256: str
    report_sha256: str | None
    gates: Annotated[dict[str, str], Field(description="Gate → pass, fail, not enough evidence, …")]
    overrides: list[GateOverride]
    inconclusive: Inconclusive | None


class ChallengeOfForecast(_Schema):
    """A forecast that somebody disputed."""

    number: int
    forecast_id: str
    target: str
    area: str
    opened_by: str
    opened_at: str
    reason: str
    reply_by: Annotated[str, Field(description="Day by which it has to be answered.")]
    state: Literal["open", "answered", "decided"]
    reply: str | None
    replied_by: str | None
    rerun: Annotated[str | None, Field(description="The forecast or the backtest run that computed it again.")]
    rerun_sha256: Annotated[str | None, Field(description="SHA-256 of that forecast's entry or run's leaderboard.")]
    outcome: str | None
    decided_by: str | None
    decision: str | None


class Challenges(_Schema):
    """Every dispute: those that wait for a reply first, by their deadline."""

    challenges: list[ChallengeOfForecast]


class LedgerEntry(_Schema):
    """One entry of the ledger, whole."""

    number: int
    kind: str
    recorded_at: Annotated[str, Field(description="When it was written, UTC.")]
    actor: str
    payload: Annotated[dict[str, Any], Field(description="What it says; payload_sha256 is of its canonical JSON.")]
    payload_sha256: str
    previous_hash: Annotated[str, Field(description="Hash of the entry before it.")]
    hash: str
    signed_by: Annotated[str, Field(description="Public key; empty in entries from before there was one.")]
    signature: str


class LedgerPage(_Schema):
    """Entries of the ledger, the newest first."""

    entries: list[LedgerEntry]
    older: Annotated[int | None, Field(description="Ask before= this number for the entries before; null at the end.")]
    checked: Annotated[str, Field(description="What was found when the service last looked.")]


class PastIssue(_Schema):
    """One issued forecast."""

    forecast_id: str
    entry: Annotated[int, Field(description="Number of its ledger entry.")]
    issued_at: str
    issued_by: str
    as_of: str
    replay: bool
    next_period: str
    targets: list[str]
    is_served: Annotated[bool, Field(description="Whether the answers under /v1 are of this one.")]


class Issues(_Schema):
    """Every issued forecast, the newest first."""

    issues: list[PastIssue]


class Run(_Schema):
    """A backtest or training that left a sheet."""

    run_id: str
    kind: Literal["backtest", "train"]
    made_at: Annotated[str, Field(description="When its sheet was written, UTC.")]
    target: str
    title: str
    first: Annotated[str, Field(description="First forecast period.")]
    last: Annotated[str, Field(description="Last forecast period.")]
    view: str
    geography: str
    model: Annotated[str, Field(description="Whose scores stand for the run.")]
    horizon: Annotated[int, Field(description="At which horizon.")]
    horizons: list[int]
    statement: str | None
    remarks: list[str]
    level_shifts: list[str]
    sha256: Annotated[str, Field(description="SHA-256 of the sheet's file.")]
    entry: Annotated[int | None, Field(description="Ledger entry of the training; null where none names the run.")]
    is_vouched: Annotated[bool, Field(description="Whether that entry holds this SHA-256.")]
    scores: Annotated[dict[str, Any] | None, Field(description="The row of the leaderboard of areas.")]
    gates: Annotated[dict[str, str], Field(description="Gate → verdict; empty for a backtest.")]


class Runs(_Schema):
    """Every run that left a sheet, the newest first."""

    runs: list[Run]
    refused: Annotated[list[str], Field(description="Why other sheets cannot be read.")]


class WholeRun(_Schema):
    """A run's sheet, and who vouches for it."""

    sheet: Annotated[dict[str, Any], Field(description="All that the run came to.")]
    sha256: str
    entry: int | None
    is_vouched: bool


class _Patterns(_Schema):
    forecast_id: Annotated[str, Field(description="The issued forecast whose tables these are.")]
    target: str
    title: str


class _OfWeeks(_Patterns):
    first_day: str
    last_day: str
    weeks: Annotated[int, Field(description="Whole weeks that are counted.")]
    at_midnight: Annotated[float, Field(description="Share at 00:00 sharp, where sources put a time not known.")]


class HoursOfArea(_Schema):
    """One area's recorded crimes in the chosen hours."""

    area: str
    name: str
    parent: str | None
    crimes: int
    per_week: Annotated[float, Field(description="Crimes a week.")]
    share_of_week: Annotated[float | None, Field(description="Of the area's own crimes; null where it has none.")]


class InHours(_OfWeeks):
    """Crimes in each area on chosen weekdays in chosen hours, those with most first; recorded, not forecast."""

    hours: Annotated[str, Field(description="Which weekdays and hours, in words.")]
    areas: list[HoursOfArea]


class AreaHours(_OfWeeks):
    """One area's recorded crimes by weekday and hour."""

    area: str
    name: str
    crimes: Annotated[dict[str, list[int]], Field(description="Weekday → crimes in each of its 24 hours, local time.")]


class RepeatsOfArea(_Schema):
    """One area's incidents that followed others; null where there are few."""

    area: str
    name: str
    incidents: int | None
    repeats: Annotated[int | None, Field(description="At a place where another happened shortly before.")]
    near_repeats: Annotated[int | None, Field(description="Of the others, soon after one nearby.")]


class NearRepeats(_Schema):
    """A band of distance and days of Knox's table."""

    metres: Annotated[int, Field(description="End of the band of distance; 0 is the same place.")]
    days: Annotated[int, Field(description="End of the band of days.")]
    pairs: int
    expected: Annotated[float, Field(description="Pairs if the days were dealt out anew, on average.")]
    p: Annotated[float, Field(description="Share of deals with as many pairs or more.")]
    ratio: Annotated[float | None, Field(description="Pairs over expected ones; null where none are expected.")]


class Repeats(_Patterns):
    """Where crime is repeated; a list of places would be a list of homes, so only areas' counts are told."""

    repeats: Annotated[dict[str, Any] | None, Field(description="Days, distances and what is hidden in areas' counts.")]
    near_repeats: Annotated[dict[str, Any] | None, Field(description="Of which incidents the table of the city is.")]
    near_repeat_table: list[NearRepeats]
    areas: list[RepeatsOfArea]


class Report(_Schema):
    """The oversight report that a training wrote."""

    run_id: str
    target: str
    title: str
    made_at: Annotated[str, Field(description="When it was written, UTC.")]
    entry: Annotated[int, Field(description="Ledger entry of the training, whose sheet names the files.")]
    address: Annotated[str, Field(description="Where the report is read as a page.")]
    files: Annotated[dict[str, str], Field(description="Path of each file below that address's folder → SHA-256.")]


class Reports(_Schema):
    """Every report for which the ledger vouches, the newest first."""

    reports: list[Report]


class LedgerEvent(_Schema):
    """One entry of the ledger in words."""

    entry: int
    at: str
    by: str
    what: str
    reason: str | None
    details: list[str]


class ModelHistory(_Schema):
    """All that the ledger says of the models of one target."""

    target: str
    title: str
    standing: Annotated[str, Field(description="Which model is in use, in words.")]
    versions: list[ModelVersion]
    challenges: list[ChallengeOfForecast]
    events: Annotated[list[LedgerEvent], Field(description="The newest first.")]


class Boundaries(Issue):
    """A GeoJSON feature collection; each feature has the properties code, name and parent."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class Health(_Schema):
    """Whether the process runs."""

    status: Literal["ok"]


class Readiness(_Schema):
    """What is served, and why anything newer is refused."""

    status: Literal["ready", "degraded"]
    forecast_id: str
    refused: list[str]


class ProblemDocument(BaseModel):
    """A problem as RFC 9457 describes it, with the remedy."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    parameter: Annotated[str | None, Field(description="What is refused: a parameter, part of the path or header.")] = (
        None
    )
