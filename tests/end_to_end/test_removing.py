"""``geography remove`` and ``publications remove``: what nothing refers to goes whole, and nothing else does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts import MissingThing, RefusedAction, Workspace
from features.store.publications import PublicationStore
from models.saved.registry import open_tracking
from service.cli import wardcast
from training.runs.runs import list_runs


def run(*arguments: str, workspace: Path) -> Any:
    return CliRunner().invoke(wardcast, [*arguments, "--workspace", str(workspace)])


@pytest.fixture
def city(trained: Path, tmp_path: Path) -> Path:
    """A workspace with a spare geography and a spare publication beside those that are used."""
    root = tmp_path / "workspace"
    shutil.copytree(trained, root)
    sources = trained.parent
    names = ("--code", "code", "--name", "name")
    assert (
        run(
            "geography", "add", "spare", "--boundaries", str(sources / "areas.geojson"), *names, workspace=root
        ).exit_code
        == 0
    )
    text = (sources / "counts.csv").read_text()
    (tmp_path / "older.csv").write_text("\n".join(line for line in text.splitlines() if ",2023-12," not in line) + "\n")
    assert _counts(root, tmp_path / "older.csv", "squares").exit_code == 0
    return root


def _counts(root: Path, file: Path, geography: str) -> Any:
    columns = ("--area", "area", "--period", "period", "--category", "category", "--count", "count")
    told = ("--taxonomy", "counts", "--published-on", "2023-12-10", "--geography", geography)
    return run("ingest", "counts", str(file), *columns, *told, workspace=root)


def geographies(root: Path) -> list[str]:
    listed = json.loads(run("geography", "list", "--json", workspace=root).stdout)
    return [one["name"] for one in listed["geographies"]]


def publications(root: Path) -> list[str]:
    return [one.id for one in PublicationStore(Workspace(root).publications).list()]


def test_what_nothing_refers_to_is_removed_whole(city: Path) -> None:
    used, spare = sorted(publications(city), key=lambda name: "2023-12" in name)
    assert run("geography", "remove", "spare", workspace=city).stdout == "Removed the geography spare: 16 areas.\n"
    told = run("publications", "remove", spare, workspace=city)
    assert told.stdout.startswith(f"Removed the publication {spare}: ")
    assert (geographies(city), publications(city)) == (["squares"], [used])
    assert [path.name for path in (city / "geographies").iterdir()] == ["squares"]
    forecast = next(path.name for path in (city / "forecasts").iterdir() if not path.name.startswith("."))
    assert "is identical" in run("rebuild", forecast, workspace=city).stdout


def test_what_is_referred_to_stays_and_the_refusal_names_what_refers_to_it(city: Path) -> None:
    used = next(one for one in publications(city) if "2024-01-10" in one)
    forecast = next(path.name for path in (city / "forecasts").iterdir() if not path.name.startswith("."))
    run_id = list_runs(Workspace(city))[0].run_id
    refused = run("publications", "remove", used, workspace=city).exception
    assert isinstance(refused, RefusedAction)
    assert f"the issued forecast {forecast} (ledger entry 3); the run {run_id}." in refused.message
    kept = run("geography", "remove", "squares", workspace=city).exception
    assert isinstance(kept, RefusedAction)
    assert "geography in wardcast.toml; the publication counts-2023-12-10" in kept.message
    assert "and 2 more" in kept.message
    assert (sorted(geographies(city)), len(publications(city))) == (["spare", "squares"], 2)


def test_each_kind_of_reference_alone_is_enough(city: Path, tmp_path: Path) -> None:
    settings = (city / "wardcast.toml").read_text()
    for line, where in (
        ('[geographies.spare]\nresidents = "r"\n', "[geographies.spare] in wardcast.toml"),
        ("", "the geography 'blocks', whose parents it holds"),
        ("", "the publication counts-2023-12-10"),
    ):
        (city / "wardcast.toml").write_text(settings + line)
        if "blocks" in where:
            _add_blocks(city, tmp_path)
        if "publication" in where:
            assert run("geography", "remove", "blocks", workspace=city).exit_code == 0
            (city / "wardcast.toml").write_text(settings)
            assert _counts(city, tmp_path / "older.csv", "spare").exit_code == 0
        refused = run("geography", "remove", "spare", workspace=city).exception
        assert isinstance(refused, RefusedAction)
        assert where in refused.message
        assert refused.message.count(";") == 0


def _add_blocks(city: Path, folder: Path) -> None:
    """Areas that name those of ``spare`` as their parents."""
    content = json.loads(
        (folder / ".." / city.parent / "workspace" / "geographies" / "spare" / "boundaries.geojson").read_text()
    )
    for feature in content["features"]:
        feature["properties"] = {
            "code": f"B{feature['properties']['code']}",
            "name": "x",
            "p": feature["properties"]["code"],
        }
    (folder / "blocks.geojson").write_text(json.dumps(content))
    columns = ("--code", "code", "--name", "name", "--parent", "p")
    added = run("geography", "add", "blocks", "--boundaries", str(folder / "blocks.geojson"), *columns, workspace=city)
    assert added.exit_code == 0, added.exception


def test_an_accepted_change_and_a_deleted_run_refer_too(city: Path) -> None:
    older = next(one for one in publications(city) if "2023-12-10" in one)
    settings = (city / "wardcast.toml").read_text()
    label = next(one.label for one in PublicationStore(Workspace(city).publications).list() if one.id == older)
    changed = settings.replace('title = "Theft"', f'title = "Theft"\naccepted_changes = ["{label}"]')
    (city / "wardcast.toml").write_text(changed)
    refused = run("publications", "remove", older, workspace=city).exception
    assert "accepted_changes of [targets.theft] in wardcast.toml" in str(refused)
    (city / "wardcast.toml").write_text(settings)
    months = ("--from", "2023-10", "--to", "2023-12", "--models", "ewma")
    done = run("backtest", "--target", "theft", *months, workspace=city)
    assert done.exit_code == 0, done.exception
    made = list_runs(Workspace(city), target="theft")[0].run_id
    import mlflow

    open_tracking(Workspace(city))
    mlflow.MlflowClient().delete_run(made)
    refused = run("publications", "remove", older, workspace=city).exception
    assert f"the run {made}" in str(refused)


def test_a_name_that_is_not_there_is_told(city: Path) -> None:
    for command in (("geography", "remove", "nowhere"), ("publications", "remove", "counts-none")):
        refused = run(*command, workspace=city).exception
        assert isinstance(refused, MissingThing)
        assert command[2] in refused.message


@pytest.mark.parametrize("kind", ["geography", "publications"])
def test_a_removal_that_is_killed_leaves_nothing_that_is_half_there(
    kind: str, city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "spare" if kind == "geography" else next(one for one in publications(city) if "2023-12-10" in one)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", killed)
    assert run(kind, "remove", name, workspace=city).exit_code != 0
    monkeypatch.undo()
    assert name in (*geographies(city), *publications(city))
    monkeypatch.setattr(shutil, "rmtree", killed)
    assert run(kind, "remove", name, workspace=city).exit_code != 0
    monkeypatch.undo()
    assert name not in (*geographies(city), *publications(city))
    again = tmp_path / "older.csv"
    assert (_counts(city, again, "squares") if kind == "publications" else _add_again(city)).exit_code == 0
    assert name in (*geographies(city), *publications(city))
    assert [path.name for path in (city / kind.replace("geography", "geographies")).glob(".[iu]*")] == []


def _add_again(city: Path) -> Any:
    boundaries = city / "geographies" / "squares" / "boundaries.geojson"
    return run(
        "geography", "add", "spare", "--boundaries", str(boundaries), "--code", "code", "--name", "name", workspace=city
    )
