"""Feedback simulated: deploy, detect, retrain, in cities whose true rates are known."""

from training.feedback.countermeasures import Countermeasures
from training.feedback.deployment import Deployment, Schedule, deploy
from training.feedback.experiment import FeedbackExperiment, run_feedback
from training.feedback.figure import write_figure
from training.feedback.report import FeedbackReport
from training.feedback.study import Study, feedback_of_settings, quick_study, simulate_feedback
from training.feedback.world import World, make_world

__all__ = [
    "Countermeasures",
    "Deployment",
    "FeedbackExperiment",
    "FeedbackReport",
    "Schedule",
    "Study",
    "World",
    "deploy",
    "feedback_of_settings",
    "make_world",
    "quick_study",
    "run_feedback",
    "simulate_feedback",
    "write_figure",
]
