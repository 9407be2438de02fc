"""A simulated city as files: what a police force would publish, and beside it the truth."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import shapely

from features.simulation.city import SimulatedCity, SimulatedCounts, months_of
from features.simulation.places import Places

BOUNDARIES_FILE = "boundaries.geojson"
ATTRIBUTES_FILE = "attributes.parquet"
TRUTH_FOLDER = "truth"
_LABEL = "This city is simulated. Nothing in these files happened, and no place in them exists.\n"


@dataclass(frozen=True)
class CityFiles:
    """Where the files of a simulated city lie. ``publications`` are the files by publication date, earlier first."""

    boundaries: Path
    attributes: Path
    publications: dict[date, Path]
    truth: Path


def write_city(city: SimulatedCity, folder: Path) -> CityFiles:
    """Write the city into an existing folder; the same city gives the same bytes.

    ``boundaries.geojson`` has the properties ``code``, ``name``, ``district`` and ``district_name``;
    ``attributes.parquet`` is joined by ``area_code``; ``incidents_published_<date>.csv`` has the columns
    ``incident_time``, ``longitude``, ``latitude`` and ``category``. ``truth/`` holds:

    - ``intensity.parquet``: one row per area, month and offence. ``expected_true`` is the expected number of
      incidents, recorded or not, given the map, the areas' drift and the city's level: background and every
      generation of what it sets off, averaged over where and when incidents happen to fall. ``expected_recorded``
      is ``expected_true`` times ``recording``, the probability that an incident is in the records once all late
      records and corrections are in: no forecast made from the past can have a smaller expected error than one that
      knows it and the incidents so far.
    - ``counts.parquet``: ``true`` and ``recorded`` (settled) incidents that were drawn.
    - ``areas.parquet``: reporting and detection rates, deprivation and night life of the areas.
    - ``parameters.json``: the parameters and the seed.
    """
    published = (city.parameters.earlier_published_on, city.parameters.published_on)
    files = CityFiles(
        boundaries=folder / BOUNDARIES_FILE,
        attributes=folder / ATTRIBUTES_FILE,
        publications={on: folder / f"incidents_published_{on}.csv" for on in published},
        truth=folder / TRUTH_FOLDER,
    )
    (folder / "README.txt").write_text(_LABEL, encoding="utf-8")
    files.boundaries.write_text(_boundaries(city.places), encoding="utf-8")
    city.places.attributes.to_parquet(files.attributes, index=False)
    for on, path in files.publications.items():
        pyarrow.csv.write_csv(pa.Table.from_pandas(city.published(on), preserve_index=False), path)
    files.truth.mkdir()
    _write_truth(city.counts, files.truth)
    return files


def _write_truth(counts: SimulatedCounts, folder: Path) -> None:
    keys = _keys(counts)
    expected = {
        "expected_true": counts.expected_true.ravel(),
        "expected_recorded": counts.expected_recorded.ravel(),
        "recording": counts.recording.ravel(),
    }
    drawn = {"true": counts.true.ravel(), "recorded": counts.recorded.ravel()}
    keys.assign(**expected).to_parquet(folder / "intensity.parquet", index=False)
    keys.assign(**drawn).to_parquet(folder / "counts.parquet", index=False)
    generated = np.array([offence.officer_generated for offence in counts.parameters.offences])
    settled = counts.recording[:, :, -1] / (1 - counts.parameters.cancelled_share)
    areas = pd.DataFrame({"area": counts.places.codes, "deprivation": counts.places.deprivation})
    areas["night_life"] = counts.places.night_life
    areas["reporting"] = settled[~generated].mean(axis=0)
    if generated.any():
        areas["detection"] = settled[generated].mean(axis=0)
    areas.to_parquet(folder / "areas.parquet", index=False)
    told = {"seed": counts.seed, "parameters": dataclasses.asdict(counts.parameters)}
    (folder / "parameters.json").write_text(json.dumps(told, indent=2, default=str) + "\n", encoding="utf-8")


def _keys(counts: SimulatedCounts) -> pd.DataFrame:
    months = months_of(counts.parameters)
    offence, area, month = (index.ravel() for index in np.indices(counts.true.shape))
    return pd.DataFrame(
        {
            "area": np.array(counts.places.codes, dtype=object)[area],
            "period": months[month],
            "offence": np.array(counts.parameters.offence_names, dtype=object)[offence],
        }
    )


def _boundaries(places: Places) -> str:
    features = []
    for code, name, district, district_name, geometry in zip(
        places.codes,
        places.names,
        places.district_codes,
        places.district_names,
        shapely.to_geojson(places.polygons),
        strict=True,
    ):
        properties = {"code": code, "name": name, "district": district, "district_name": district_name}
        features.append(f'{{"type":"Feature","properties":{json.dumps(properties)},"geometry":{geometry}}}')
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"
