"""What was done to publications, and how complete they are, in words."""

from __future__ import annotations

from contracts import Settings
from monitoring.records.facts import PublicationFacts


def completeness(one: PublicationFacts) -> str:
    """How much of what it spans a publication holds, and how much of it was not counted."""
    share = one.rows_set_aside / one.rows_read if one.rows_read else 0.0
    gaps = one.span - one.periods
    missing = "none missing between them" if gaps == 0 else f"{gaps:,} between them missing"
    return (
        f"{one.id}: {one.areas:,} of {one.geography_areas:,} areas, {one.periods:,} periods from "
        f"{one.first} to {one.last} ({missing}); {one.rows_set_aside:,} of {one.rows_read:,} rows ({share:.2%}) were "
        "set aside."
    )


def cleaning_rules(settings: Settings) -> tuple[str, ...]:
    """The rules that a file meets when it is ingested, with the limits of the settings."""
    limits = settings.ingest
    return (
        "Columns about persons are dropped when a file is read.",
        f"Crimes in unknown areas are set aside and counted up to {limits.unknown_area_share:.1%} of the file; more, "
        "and the file is refused.",
        f"A publication that lacks more than {limits.absent_area_share:.1%} of the areas is refused as cut short.",
        "A silence, or a nearly empty period, that the periods around it make less probable than "
        f"{limits.implausible_below:g} is missing; a first one is set aside as a stub, a last one refuses the file.",
        f"A period of which more than {limits.lost_share:.0%} of the crimes lie in no area is missing.",
        "A wording of an offence that the settings do not know stops the ingest; wordings of one offence are summed.",
        "A target or offence whose total of a period moves further than revisions do between two publications, by more "
        f"than {limits.revision_share:.0%} at most, stops the ingest until the settings accept it; so does one that "
        "steps alone in the newest periods.",
        "A missing period is never read as zero. No count is imputed, smoothed or corrected; a revision is a new "
        "publication beside the old one.",
    )
