"""Whether what a source delivered is whole: by period, by force and by area, never only in total."""

from features.sources.completeness.delivery import Delivery, Judged, joined
from features.sources.completeness.faults import ANSWERS, Answer, Fault, Outcome, answer, answers_table
from features.sources.completeness.judging import judge
from features.sources.completeness.levels import Series, low_periods
from features.sources.completeness.moments import WholePeriods, whole_periods

__all__ = [
    "ANSWERS",
    "Answer",
    "Delivery",
    "Fault",
    "Judged",
    "Outcome",
    "Series",
    "WholePeriods",
    "answer",
    "answers_table",
    "joined",
    "judge",
    "low_periods",
    "whole_periods",
]
