"""Real clients read the running service: each call of docs/api.md, against a service of its own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(trained: Path) -> Iterator[str]:
    command = [sys.executable, "-c", "from service.cli import program; program()", "serve", "--port", "0"]
    with subprocess.Popen([*command, "--workspace", str(trained)], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        yield next(line.split("Open ")[1].split("/ and")[0] for line in server.stderr if "Open " in line)
        server.terminate()


CALLS: dict[str, Callable[[str], Any]] = {
    "pd.read_csv": pd.read_csv,
    "pd.read_parquet": pd.read_parquet,
    "geopandas.read_file": geopandas.read_file,
    "pyogrio.read_dataframe": pyogrio.read_dataframe,
}


def documented(repository: Path) -> list[tuple[str, str]]:
    """Each call of the documentation: the function and what it is asked."""
    text = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    return re.findall(r'^(\w+\.read_\w+)\("http://127\.0\.0\.1:8000(/[^"]+)"\)', text, flags=re.MULTILINE)


def test_every_documented_call_reads_the_areas_of_the_forecast(address: str, repository: Path) -> None:
    calls = documented(repository)
    assert {name for name, _ in calls} == CALLS.keys()
    issued = pd.read_json(f"{address}/v1/issues")["issues"][0]["forecast_id"]
    for name, question in calls:
        table = CALLS[name](f"{address}{re.sub('issue=[^&]+', f'issue={issued}', question)}")
        assert len(table) == 16, name
        assert table["rank"].tolist() == list(range(1, 17))
        assert (table["q10"] <= table["q90"]).all()
        if "geometry" in table:
            assert table.crs.to_epsg() == 4326
            assert not table.geometry.is_empty.any()


def test_gdal_lists_the_forecasts_as_layers_and_reads_a_coloured_one(address: str, repository: Path) -> None:
    text = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    documented = re.search(
        r'^pyogrio\.read_dataframe\("OAPIF:http://127\.0\.0\.1:8000(/ogc)", layer="(\w+)-', text, flags=re.M
    )
    assert documented is not None
    source = f"OAPIF:{address}{documented[1]}"
    layers = [name for name, _ in pyogrio.list_layers(source)]
    assert layers[0].startswith(f"{documented[2]}-")
    assert len(layers) == 3
    table = pyogrio.read_dataframe(source, layer=layers[1])
    assert table["rank"].tolist() == list(range(1, 17))
    assert table["colour"].str.fullmatch("#[0-9a-f]{6}").all()
    assert len(pyogrio.read_dataframe(source, layer=layers[0], bbox=(0.001, 51.501, 0.015, 51.505))) == 2


def test_a_client_that_is_generated_from_the_description_reads_the_service(address: str, tmp_path: Path) -> None:
    generator = Path(sys.executable).with_name("openapi-python-client")
    made = [generator, "generate", "--url", f"{address}/openapi.json", "--output-path", tmp_path / "client"]
    path = f"{generator.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(made, capture_output=True, text=True, check=True, env={**os.environ, "PATH": path})
    assert "Warning" not in done.stdout + done.stderr
    asked = """
import sys
from wardcast_client import Client
from wardcast_client.api.forecasts import area_forecast, forecasts, summary
from wardcast_client.api.records import issues
client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
first = forecasts.sync(client=client, limit=3)
assert [one.rank for one in first.areas] == [1, 2, 3]
further = forecasts.sync(client=client, limit=3, cursor=first.next_)
assert [one.rank for one in further.areas] == [4, 5, 6]
area = area_forecast.sync(first.areas[0].area, client=client)
assert area.forecast.mean == first.areas[0].mean
assert summary.sync(client=client).forecast_id == issues.sync(client=client).issues[0].forecast_id
refused = forecasts.sync(client=client, target=["arson"])
assert refused.status == 404 and "arson" in refused.detail
"""
    subprocess.run([sys.executable, "-c", asked, address], cwd=tmp_path / "client", check=True)
