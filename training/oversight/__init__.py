"""The oversight report and the records of a run, from what it keeps."""
