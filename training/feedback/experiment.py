"""A feedback simulation with a workspace's settings, kept in MLflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts import Workspace
from training.feedback.figure import write_figure
from training.feedback.report import FeedbackReport
from training.feedback.study import feedback_of_settings, simulate_feedback
from training.runs import tracked_run


@dataclass(frozen=True)
class FeedbackExperiment:
    """The report and where it is kept."""

    report: FeedbackReport
    run_id: str

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return self.report.to_dict() | {"run_id": self.run_id}

    def as_text(self) -> str:
        """The tables, and the run."""
        return f"{self.report.as_text()}\n\nMLflow run {self.run_id}"


def run_feedback(
    workspace: Workspace, *, seed: int | None, cities: int | None, quick: bool, tell: Callable[[str], None]
) -> FeedbackExperiment:
    """Simulate with the workspace's seed (or ``seed``) and rule of flags; log the tables, the JSON and the picture.

    The cities are simulated whatever city the workspace is of: only in them are the true rates known.
    """
    study = feedback_of_settings(workspace.settings, seed=seed, cities=cities, quick=quick)
    parameters = {"cities": study.cities, "seed": study.seed, "quick": quick} | study.schedule.to_dict()
    with tracked_run(workspace, "feedback", f"feedback seed {study.seed}", parameters, ()) as run:
        report = simulate_feedback(study, tell)
        run.document(report.to_dict(), "feedback/feedback.json")
        run.text(report.as_text() + "\n", "feedback/feedback.md")
        with run.folder("figures") as folder:
            write_figure(folder / "feedback.png", report)
    return FeedbackExperiment(report, run.run_id)
