"""Runs in MLflow: what went in, with which code, and what came out."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import Workspace, code_version
from features.publications import Publication
from models.registry import open_tracking

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@dataclass(frozen=True)
class Run:
    """A run that is being written."""

    run_id: str

    def scores(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Log every number of a leaderboard as ``model.level.hN.score``."""
        import mlflow

        metrics = {
            f"{row['model']}.{row['level']}.h{row['horizon']}.{name}": float(value)
            for row in rows
            for name, value in row.items()
            if isinstance(value, (int, float)) and name not in ("horizon",)
        }
        mlflow.log_metrics(metrics)

    def text(self, text: str, path: str) -> None:
        """Log a text artefact."""
        import mlflow

        mlflow.log_text(text, path)

    def document(self, content: object, path: str) -> None:
        """Log a JSON artefact."""
        self.text(json.dumps(content, indent=2, sort_keys=True, default=str) + "\n", path)

    @contextmanager
    def folder(self, path: str) -> Iterator[Path]:
        """A folder whose files become artefacts under ``path`` when the block ends well."""
        import mlflow

        with tempfile.TemporaryDirectory() as written:
            yield Path(written)
            mlflow.log_artifacts(written, path)


@contextmanager
def tracked_run(
    workspace: Workspace, kind: str, name: str, parameters: Mapping[str, object], publications: Sequence[Publication]
) -> Iterator[Run]:
    """A run of the experiment ``kind``, with its settings, publications and code version on record from the start.

    A run that ends in an error is marked as failed by MLflow.
    """
    import mlflow

    open_tracking(workspace)
    mlflow.set_experiment(experiment_id=_experiment(workspace, kind))
    tags = {"kind": kind, "city": workspace.settings.city, "simulated": str(workspace.settings.simulated).lower()}
    with mlflow.start_run(run_name=name, tags=tags | code_version().tags()) as active:
        run = Run(active.info.run_id)
        mlflow.log_params({key: str(value) for key, value in parameters.items()})
        run.document(workspace.settings.model_dump(mode="json"), "inputs/settings.json")
        run.document(
            [
                {
                    "id": publication.id,
                    "published_on": str(publication.published_on),
                    "first": str(publication.first),
                    "last": str(publication.last),
                    "content_sha256": publication.content_sha256,
                }
                for publication in publications
            ],
            "inputs/publications.json",
        )
        yield run


def _experiment(workspace: Workspace, kind: str) -> str:
    import mlflow

    name = f"wardcast-{kind}"
    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return mlflow.create_experiment(name, artifact_location=(workspace.artefacts / kind).as_uri())
