"""The oversight report and the records of a run, from what it keeps."""

from training.oversight.records import write_records
from training.oversight.report import report_of_training, write_report

__all__ = ["report_of_training", "write_records", "write_report"]
