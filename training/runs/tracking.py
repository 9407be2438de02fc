"""Runs in MLflow: what went in, with which code, and what came out.

One run for what was asked for, and below it one for each target. The origins of a backtest are the steps of a
target's metrics, not runs of their own: a run takes 0.17 s to write and 24 origins as steps 0.1 s together.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts import Period, Workspace, code_version, library_versions, settings_bytes
from contracts.run_files import ENVIRONMENT_FILE, PUBLICATIONS_FILE, SETTINGS_FILE
from features.store import Publication
from models.artefact_places import experiment_place
from models.saved import deleted_experiment, is_deleted, open_tracking, reachable
from monitoring import Verification, poisson_deviance_loss

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

LONGEST_DIGEST = 36
"""Characters of a dataset's digest that MLflow keeps."""
MOST_METRICS = 1000
"""Metrics that MLflow takes at once."""
HEADLINES: Mapping[str, tuple[str, ...]] = {
    "area": (
        *("mean_poisson_deviance", "vs_ewma", "vs_ewma_low", "vs_ewma_high", "crps", "mae"),
        *("coverage_80", "coverage_90", "pai_5"),
    ),
    "city": ("city_mape", "coverage_80", "coverage_90"),
}
"""Level → the figures of it that MLflow lists for a run."""


@dataclass(frozen=True)
class Run:
    """A run that is being written."""

    run_id: str

    def headlines(self, rows: Sequence[Mapping[str, Any]], model: str, horizon: int) -> None:
        """Log the dozen figures that stand for a run: its main model's, at its horizon, as ``model.level.hN.score``.

        Every other figure is in the run's artefacts.
        """
        import mlflow

        metrics = {
            f"{model}.{row['level']}.h{horizon}.{name}": float(row[name])
            for row in rows
            if (row["model"], row["horizon"]) == (model, horizon)
            for name in HEADLINES[row["level"]]
            if row[name] is not None
        }
        mlflow.log_metrics(metrics)

    def origins(self, verifications: Iterable[Verification], first: Period) -> None:
        """Log each origin's mean deviance as ``model.area.hN.deviance_by_origin``; steps count from ``first``."""
        import mlflow
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [
            Metric(f"{one.model}.area.h{one.horizon}.deviance_by_origin", float(loss), now, int(period) - first.ordinal)
            for one in verifications
            for period, losses in zip(one.periods, poisson_deviance_loss(one.outcomes, one.forecast.mean), strict=True)
            if np.isfinite(loss := _mean_of_known(losses))
        ]
        for start in range(0, len(metrics), MOST_METRICS):
            mlflow.MlflowClient().log_batch(self.run_id, metrics=metrics[start : start + MOST_METRICS])

    def tags(self, tags: Mapping[str, object]) -> None:
        """Tag the run."""
        import mlflow

        mlflow.set_tags({name: str(value) for name, value in tags.items()})

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
def tracked_experiment(workspace: Workspace, kind: str, name: str) -> Iterator[None]:
    """A run above those of its targets; a run that ends in an error is marked as failed by MLflow."""
    import mlflow

    open_tracking(workspace)
    with (
        reachable(workspace),
        mlflow.start_run(
            experiment_id=_experiment(workspace, kind), run_name=name, tags=_tags(workspace, kind, "experiment")
        ),
    ):
        yield


@contextmanager
def tracked_run(
    workspace: Workspace, kind: str, name: str, parameters: Mapping[str, object], publications: Sequence[Publication]
) -> Iterator[Run]:
    """A target's run, with its settings, publications and software on record from the start.

    It lies below the experiment that is being tracked, or below one of its own. A run that ends in an error is marked
    as failed by MLflow.
    """
    import mlflow

    open_tracking(workspace)
    with reachable(workspace), ExitStack() as opened:
        if mlflow.active_run() is None:
            opened.enter_context(tracked_experiment(workspace, kind, name))
        active = opened.enter_context(
            mlflow.start_run(
                experiment_id=_experiment(workspace, kind),
                run_name=name,
                nested=True,
                tags=_tags(workspace, kind, "target"),
            )
        )
        run = Run(active.info.run_id)
        mlflow.log_params({key: str(value) for key, value in parameters.items()})
        run.text(settings_bytes(workspace.settings).decode("utf-8"), SETTINGS_FILE)
        run.document([_about(publication) for publication in publications], PUBLICATIONS_FILE)
        run.document({"libraries": library_versions(), "platform": platform.platform()}, ENVIRONMENT_FILE)
        for publication in publications:
            _log_dataset(publication)
        yield run


def _tags(workspace: Workspace, kind: str, level: str) -> dict[str, str]:
    settings = workspace.settings
    about = {"kind": kind, "level": level, "city": settings.city, "simulated": str(settings.simulated).lower()}
    return about | code_version().tags()


def _about(publication: Publication) -> dict[str, str]:
    return {
        "id": publication.id,
        "published_on": str(publication.published_on),
        "first": str(publication.first),
        "last": str(publication.last),
        "sha256": publication.provenance.sha256,
        "content_sha256": publication.content_sha256,
    }


def _log_dataset(publication: Publication) -> None:
    """A publication as MLflow's dataset: its digest is the start of the hash of the counts."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    about = _about(publication)
    source = CodeDatasetSource({key: about[key] for key in ("published_on", "sha256", "content_sha256")})
    digest = publication.content_sha256[:LONGEST_DIGEST]
    # MLflow leaves "profile" abstract in a class that is meant to be used as it is.
    dataset = MetaDataset(source=source, name=publication.id, digest=digest)  # type: ignore[abstract]
    mlflow.log_input(dataset, context="publication")


def _mean_of_known(losses: npt.NDArray[np.float64]) -> float:
    known = losses[~np.isnan(losses)]
    return float(known.mean()) if known.size else float("nan")


def _experiment(workspace: Workspace, kind: str) -> str:
    import mlflow

    name = f"wardcast-{kind}"
    found = mlflow.get_experiment_by_name(name)
    if found is not None and is_deleted(found):
        raise deleted_experiment(workspace, found)
    if found is not None:
        return str(found.experiment_id)
    return mlflow.create_experiment(name, artifact_location=experiment_place(workspace, kind))
