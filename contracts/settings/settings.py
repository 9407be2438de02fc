"""Settings of a workspace: what ``wardcast.toml`` may say, with every default and its meaning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.clock import TimeZoneName
from contracts.errors import MissingThing
from contracts.periods import Frequency
from contracts.settings.disclosure import DisclosureSettings
from contracts.settings.flags import FlagSettings
from contracts.settings.oversight import GateLimits, LifeCycleSettings, Role, name_key
from contracts.settings.public_records import RecordsSettings
from contracts.settings.source_limits import WithSources
from contracts.targets import ALL_OFFENCES, Target, wording_key

Share = Annotated[float, Field(ge=0.0, le=1.0)]
AboveZero = Annotated[float, Field(gt=0.0)]
MOST_PERIODS, MOST_DAYS = 1000, 3650


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class IngestLimits(WithSources):
    """How much of a publication may be lost before a part of it is missing, or the whole of it is refused."""

    unknown_area_share: Share = 0.02
    """Share of counted crimes in unknown areas that is set aside; more is refused."""
    absent_area_share: Share = 0.02
    """A publication that lacks more than this share of the areas it covers, where so many are not lacking by chance, is
    refused as cut short."""
    lost_share: Share = 0.2
    """Share of a period's crimes, of each force, that may lie in no area (without a code or a position, outside), or of
    its days that may be silent; more, and the period is missing there."""
    repeated_id_share: Share = 0.1
    """Share of a force's month that may repeat the identifier of another row; more is refused."""
    implausible_below: Share = 1e-6
    """A silence, or a nearly empty period, that the periods around it make less probable than this was not delivered:
    it is missing, never zero. 0 takes every period as it stands."""
    repeated_row_share: Share = 0.02
    """Share of a file's incidents that may repeat the time, position and category of an earlier one beyond chance."""
    lone_dates: Literal["refuse", "set_aside"] = "refuse"
    """Incidents whose date is cut off from all others by more than a year of silence: refuse, or set aside and tell."""
    revision_share: Share = 0.2
    """The most that a period's total of a target, or of an offence with weight in one, may differ between publications
    before its meaning has changed and the ingest stops until its settings say that this is so. It holds as it stands
    for districts, and where the store has not yet seen periods of that age revised; for the city's totals the limit is
    then learned from the revisions in the store and is lower, never under 0.03. The newest two months of the older
    publication may rise by twice as much, and the newest two weeks of a finer one by five times."""

    def of(self, source: str) -> IngestLimits:
        """The limits of one source: its own where it has some."""
        if source not in self.sources:
            return self
        own = self.sources[source].model_dump(exclude={"columns"}, exclude_none=True)
        return self.model_copy(update=own)


class GeographyMeaning(_Part):
    """Which attribute columns of a geography mean what: for audits only, no model learns from them.

    All are optional; an audit without them says so.
    """

    residents: str | None = None
    """Column with the number of usual residents."""
    deprivation: str | None = None
    """Column with a deprivation score for grouping, higher is more deprived; never a feature."""
    need: str | None = None
    """Column with a measure of need that does not come from the police, such as injuries seen by hospitals."""
    workday: str | None = None
    """Column with the number of people who are there on a working day."""
    groups: dict[str, str] = Field(default_factory=dict)
    """Ethnic group → column with its share of residents."""
    shares: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Another attribute of residents, such as age or religion → its groups → column with the group's share."""

    @model_validator(mode="after")
    def _attributes_are_others(self) -> GeographyMeaning:
        for attribute in {"ethnic group", "deprivation fifth", "district"} & set(self.shares):
            raise ValueError(f"[geographies.NAME.shares] cannot hold '{attribute}', which other settings give")
        return self


class PoliceForce(_Part):
    """Which areas a force of the data.police.uk archive covers; both empty means every area."""

    parents: tuple[str, ...] = ()
    """Codes of the parents (boroughs) it covers."""
    all_but_parents: tuple[str, ...] = ()
    """It covers every area but those of these parents."""


class ForecastSettings(_Part):
    """What is issued."""

    periods_ahead: Annotated[int, Field(ge=1, le=12)] = 3
    """How many whole periods are issued, beginning with the next period."""
    levels: tuple[str, ...] = ()
    """Larger areas that are forecast beside the areas, as sums of them, the finest first: geographies of the workspace,
    "parents" or "city". Empty: the parents, where every area has one, and the city."""
    hotspot_share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """The share of the city's land that ``/v1/hotspots`` answers with; the audited flags are those of ``[flags]``."""
    stale_after_periods: Annotated[int, Field(ge=1, le=MOST_PERIODS)] = 2
    """An issued forecast is stale once this many periods have begun after its next period."""
    replay: bool = False
    """True where the data are of the past (an example, a simulated city): forecasts are issued as of the day on which
    the newest counts were published, and are labelled as replayed wherever they are shown. False: as of today."""


class AuditSettings(_Part):
    """What the audits are judged by: margins that are set before the results are seen.

    A figure is inside a margin where its whole 95% interval is, outside where none of it is; in between there is not
    enough evidence. The narrow margins are green, what lies beyond the wide ones is red.
    """

    ratio_margin: tuple[AboveZero, AboveZero] = (0.90, 1.11)
    """Calibration relative to the city, exposure relative to other residents."""
    ratio_red: tuple[AboveZero, AboveZero] = (0.80, 1.25)
    gap_margin: Annotated[float, Field(gt=0)] = 10.0
    """Missed and needless flags: percentage points above or below those of other residents."""
    gap_red: Annotated[float, Field(gt=0)] = 20.0
    coverage_margin: Annotated[float, Field(gt=0)] = 3.0
    """Coverage of the 90% interval: percentage points above or below 90."""
    coverage_red: Annotated[float, Field(gt=0)] = 6.0
    error_margin: Annotated[float, Field(gt=0)] = 0.05
    """Crimes forecast too few (or too many) per resident, beyond chance and beyond those of other residents, as a
    share of the city's crimes per resident."""
    error_red: Annotated[float, Field(gt=0)] = 0.10
    skill_at_least: Annotated[float, Field(ge=-100.0, lt=100.0)] = 0.0
    """Percent by which the forecast beats the baseline in every group."""
    leakage_at_most: Share = 0.5
    """How much of the variance of a group's share the features may explain."""
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Rate of false alarms of the tests, after Benjamini and Hochberg where there are several."""
    scan_significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    """The same for the scan of hidden subgroups, which tries thousands."""
    fewest_areas: Annotated[int, Field(ge=2)] = 30
    """A group with fewer areas, by their effective number, has not enough evidence."""
    fewest_events: Annotated[int, Field(ge=1)] = 50
    """A group with fewer events has not enough evidence."""
    top_periods: Annotated[int, Field(ge=1, le=MOST_PERIODS)] = 2
    """Flags are compared with the areas that had the most crimes over so many periods, 4 to 12 weeks."""
    replicates: Annotated[int, Field(ge=1000, le=100_000)] = 2000
    """How often areas are resampled."""

    @model_validator(mode="after")
    def _margins_nest(self) -> AuditSettings:
        if not self.ratio_red[0] <= self.ratio_margin[0] < 1.0 < self.ratio_margin[1] <= self.ratio_red[1]:
            raise ValueError("ratio_margin must lie around 1 and within ratio_red")
        for name in ("gap", "coverage", "error"):
            if getattr(self, f"{name}_margin") > getattr(self, f"{name}_red"):
                raise ValueError(f"{name}_margin must be no wider than {name}_red")
        return self


class HarmWeights(_Part):
    """How much harm one crime of each offence of a taxonomy stands for; nothing is assumed where none is given."""

    source: Annotated[str, Field(min_length=1)]
    """Where the weights come from, shown wherever harm is shown."""
    unit: str = "points"
    """What a weight counts, such as "days" of a starting sentence."""
    weights: dict[str, Annotated[float, Field(ge=0.0, allow_inf_nan=False)]]
    """Offence → harm of one crime. A target has an expected harm where all of its offences have a weight."""


class TargetSettings(_Part):
    """A named sum of offences."""

    title: str
    offences: dict[str, tuple[str, ...] | Literal["all"]]
    """Taxonomy → its offences that the target sums, or "all"."""
    forecast: bool = True
    """False: used only as a companion series that forecasts of other targets learn from."""
    not_published: Literal["refuse", "missing"] = "refuse"
    """Where a publication lacks one of the offences: refuse the ingest, or the target is missing there."""
    accepted_changes: tuple[str, ...] = ()
    """Publications (by source and date, as in the refusal) whose changed meaning of this target is accepted."""
    borrows_from: str = ""
    """For a rare target: the commoner, related target whose places tell where this one may happen; empty for none."""
    officer_generated: str = ""
    """The target that sums those of its offences which officers find and nobody reports; empty for none. For audits."""


class Settings(_Part):
    """Everything ``wardcast.toml`` may say."""

    city: str
    geography: str
    """The geography used where a command names none."""
    frequency: Frequency = Frequency.MONTH
    time_zone: TimeZoneName = ""
    """The city's time zone, such as "Europe/London": which day it is there, and what stamps with a zone are there.
    Empty: "today" is that of UTC, and stamps with a zone are refused."""
    source: str = ""
    """The source whose counts are used where two carry the same target, such as "mps-lsoa"; empty where one does."""
    simulated: bool = False
    """True: every page, table and record of this workspace says that the city is simulated."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7
    publication_lag_days: Annotated[int, Field(ge=0, le=MOST_DAYS)] = 10
    """How many days after its end a period is taken to be known where no publication of the time is in the store."""
    holidays: str = ""
    """Country code (and subdivision) whose bank holidays are calendar features, such as "GB-ENG"; empty for none."""
    ledger_url: str = ""
    """Database of the ledger and the approvals; empty for SQLite in the workspace."""
    tracking_url: str = ""
    """MLflow tracking store; empty for SQLite in the workspace."""
    ingest: IngestLimits = IngestLimits()
    forecast: ForecastSettings = ForecastSettings()
    flags: FlagSettings = FlagSettings()
    audit: AuditSettings = AuditSettings()
    disclosure: DisclosureSettings = DisclosureSettings()
    life_cycle: LifeCycleSettings = LifeCycleSettings()
    gates: GateLimits = GateLimits()
    people: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    """Name → roles. Empty: any named person may do anything but approve what they proposed themselves."""
    records: RecordsSettings = RecordsSettings()
    """What only a person can say in the records that are published with a report."""
    geographies: dict[str, GeographyMeaning] = Field(default_factory=dict)
    police_forces: dict[str, PoliceForce] = Field(default_factory=dict)
    offences: dict[str, dict[str, tuple[str, ...]]]
    """Taxonomy → offence → the wordings that sources use for it."""
    targets: dict[str, TargetSettings]
    harm: dict[str, HarmWeights] = Field(default_factory=dict)
    """Taxonomy → harm weights of its offences; optional."""

    @model_validator(mode="after")
    def _names_agree(self) -> Settings:
        if len({name_key(name) for name in self.people}) < len(self.people):
            raise ValueError("[people] names one person twice; give all roles on one line")
        for taxonomy, offences in self.offences.items():
            seen: dict[str, str] = {}
            for offence, wordings in offences.items():
                for wording in wordings:
                    other = seen.setdefault(wording_key(wording), offence)
                    if other != offence:
                        raise ValueError(
                            f"the wording '{wording}' stands under two offences of [offences.{taxonomy}]: "
                            f"{other} and {offence}; keep one"
                        )
        for name, target in self.targets.items():
            self._check_target(name, target)
        for taxonomy, harm in self.harm.items():
            unknown = sorted(set(harm.weights) - set(self.offences.get(taxonomy, {})))
            if unknown or taxonomy not in self.offences:
                missing = f"the offence '{unknown[0]}'" if unknown else "any offence"
                raise ValueError(f"[harm.{taxonomy}] cannot be used: [offences.{taxonomy}] does not have {missing}")
        return self

    def _check_target(self, name: str, target: TargetSettings) -> None:
        others = [other for other in self.targets if other != name]
        for field in ("borrows_from", "officer_generated"):
            named = getattr(target, field)
            if named and named not in others:
                raise ValueError(
                    f"{field} of the target '{name}' is '{named}', which is not another target; name one of "
                    f"{', '.join(others)}"
                )
        self._check_officer_generated(name, target)
        if not any(target.offences.values()):
            raise ValueError(f"the target '{name}' names no offence; list some in [targets.{name}].offences")
        for taxonomy, chosen in target.offences.items():
            if taxonomy not in self.offences:
                raise ValueError(
                    f"the target '{name}' names the taxonomy '{taxonomy}', which [offences] does not have; "
                    f"it has {', '.join(sorted(self.offences))}"
                )
            unknown = [] if chosen == ALL_OFFENCES else sorted(set(chosen) - set(self.offences[taxonomy]))
            if unknown:
                raise ValueError(
                    f"the target '{name}' names the offence '{unknown[0]}', which [offences.{taxonomy}] does not have; "
                    "correct the name or add the offence with its wordings"
                )

    def _check_officer_generated(self, name: str, target: TargetSettings) -> None:
        """What officers find must be a part of what the target sums."""
        if not target.officer_generated:
            return
        for taxonomy, part in self.targets[target.officer_generated].offences.items():
            whole = target.offences.get(taxonomy, ())
            beyond = [] if whole == ALL_OFFENCES else [one for one in part if part == ALL_OFFENCES or one not in whole]
            if beyond:
                raise ValueError(
                    f"officer_generated of the target '{name}' is '{target.officer_generated}', which sums offences of "
                    f"[offences.{taxonomy}] that '{name}' does not; name a target that is a part of it"
                )

    def target(self, name: str) -> Target:
        """The target of that name; raises ``MissingThing`` with the names there are."""
        if name not in self.targets:
            raise MissingThing(
                f"There is no target '{name}' in wardcast.toml.",
                remedy=f"Use one of {', '.join(self.targets)}, or define it under [targets.{name}].",
            )
        return self._resolve(name)

    def all_targets(self) -> tuple[Target, ...]:
        """Every target, companions included, in the order of the settings."""
        return tuple(self._resolve(name) for name in self.targets)

    def forecast_targets(self) -> tuple[str, ...]:
        """Names of the targets that are forecast, companions left out."""
        return tuple(name for name, target in self.targets.items() if target.forecast)

    def lenders(self) -> dict[str, str]:
        """Target → the commoner one that it borrows from, of those that borrow."""
        return {name: target.borrows_from for name, target in self.targets.items() if target.borrows_from}

    def _resolve(self, name: str) -> Target:
        chosen = self.targets[name]
        return Target(
            name=name,
            title=chosen.title,
            offences={
                taxonomy: tuple(self.offences[taxonomy]) if some == ALL_OFFENCES else tuple(some)
                for taxonomy, some in chosen.offences.items()
                if some
            },
            not_published=chosen.not_published,
            accepted_changes=chosen.accepted_changes,
        )
