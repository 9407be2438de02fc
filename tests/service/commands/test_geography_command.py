"""``wardcast geography`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contracts import BadInput, MissingThing
from service.cli import wardcast
from service.workspaces.setup import make_workspace


def run(*arguments: str, root: Path) -> Result:
    return CliRunner().invoke(wardcast, ["geography", *arguments, "--workspace", str(root)])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "workspace", "london").root


@pytest.fixture
def boundaries(tmp_path: Path) -> Path:
    rings = {code: [[x, 0], [x + 1, 0], [x + 1, 1], [x, 1], [x, 0]] for x, code in enumerate("ab")}
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "title": code.upper()},
            "geometry": {"type": "Polygon", "coordinates": [[[x / 100, y / 100] for x, y in ring]]},
        }
        for code, ring in rings.items()
    ]
    path = tmp_path / "areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_a_geography_is_added_and_listed(root: Path, boundaries: Path) -> None:
    options = ("--boundaries", str(boundaries), "--code", "code", "--name", "title")
    first = run("add", "areas_1", *options, root=root)
    assert first.exit_code == 0, first.output
    assert "areas_1: 2 areas" in first.stdout
    again = run("add", "areas_1", *options, root=root)
    assert "nothing was written" in again.stderr
    listed = run("list", "--json", root=root)
    (summary,) = json.loads(listed.stdout)["geographies"]
    assert (summary["name"], summary["areas"]) == ("areas_1", 2)
    assert "areas_1: 2 areas" in run("list", root=root).stdout


def test_an_empty_list_says_what_to_do(root: Path) -> None:
    assert "geography add" in run("list", root=root).stdout
    assert json.loads(run("list", "--json", root=root).stdout) == {"geographies": []}


def test_errors_reach_the_shell(root: Path, boundaries: Path, tmp_path: Path) -> None:
    wrong_column = run("add", "a_1", "--boundaries", str(boundaries), "--code", "kode", "--name", "title", root=root)
    assert isinstance(wrong_column.exception, BadInput)
    alone = run(
        "add", "a_1", "--boundaries", str(boundaries), "--code", "code", "--name", "title", "--attributes-code", "x",
        root=root,
    )  # fmt: skip
    assert alone.exit_code == 2
    no_workspace = run(
        "add", "a_1", "--boundaries", str(boundaries), "--code", "code", "--name", "title", root=tmp_path / "none"
    )
    assert isinstance(no_workspace.exception, MissingThing)
    assert not (tmp_path / "none").exists()


def test_what_is_odd_is_told_on_stderr_and_kept(root: Path, boundaries: Path, tmp_path: Path) -> None:
    attributes = tmp_path / "attributes.csv"
    attributes.write_text("code,residents\na,5\nb,0\n", encoding="utf-8")
    options = ("--boundaries", str(boundaries), "--code", "code", "--name", "title", "--attributes", str(attributes))
    added = run("add", "areas_1", *options, root=root)
    assert added.exit_code == 0, added.output
    assert "note: 'residents' is 0 in 1 areas: b" in added.stderr
    assert "areas_1: 2 areas and 1 attributes" in added.stdout
    (listed,) = json.loads(run("list", "--json", root=root).stdout)["geographies"]
    assert "'residents' is 0 in 1 areas: b" in listed["notes"]
    attributes.write_text("code,residents\na,5\nb,-9\n", encoding="utf-8")
    refused = run("add", "areas_2", *options, root=root)
    assert isinstance(refused.exception, BadInput)
    assert "'residents' of area b is -9" in str(refused.exception)
    assert len(json.loads(run("list", "--json", root=root).stdout)["geographies"]) == 1


def test_the_settings_say_which_columns_are_checked_and_where_the_city_lies(
    root: Path, boundaries: Path, tmp_path: Path
) -> None:
    settings = root / "wardcast.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text + '\n[geographies.areas_1.groups]\nBlack = "black"\n', encoding="utf-8")
    attributes = tmp_path / "attributes.csv"
    attributes.write_text("code,black\na,5\nb,10\n", encoding="utf-8")
    options = ("--boundaries", str(boundaries), "--code", "code", "--name", "title", "--attributes", str(attributes))
    refused = run("add", "areas_1", *options, root=root)
    assert isinstance(refused.exception, BadInput)
    assert "'black' of area a is 5: a share lies between 0 and 1 (2 areas)" in str(refused.exception)
    added = run("add", "areas_2", *options, root=root)
    assert added.exit_code == 0, added.output
    assert 'holidays = "GB-ENG"' in text
    assert "km from the cities of 'GB': check the coordinate system" in added.stderr


def test_a_geography_of_the_settings_that_is_not_there_is_told_with_those_there_are(
    root: Path, boundaries: Path
) -> None:
    run("add", "areas_1", "--boundaries", str(boundaries), "--code", "code", "--name", "title", root=root)
    for command in (["issue"], ["train", "--target", "violence"]):
        result = CliRunner().invoke(wardcast, [*command, "--workspace", str(root)])
        assert isinstance(result.exception, MissingThing), command
        assert "no geography 'ward_2022'" in result.exception.message
        assert "there is: areas_1" in result.exception.message


@pytest.mark.real_data
def test_the_walk_through_adds_londons_wards(root: Path, real_data: Path) -> None:
    folder = real_data / "geography"
    result = run(
        "add", "ward_2022",
        "--boundaries", str(folder / "london_wards_2022.geojson"), "--code", "ward22_code", "--name", "ward22_name",
        "--parent", "ltla24_code",
        "--attributes", str(folder / "ward_2022_attributes.parquet"), "--attributes-code", "ward24_code",
        root=root,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "ward_2022: 684 areas and 14 attributes" in result.stdout
