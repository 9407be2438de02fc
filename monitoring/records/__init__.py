"""The records that are generated with every report: pure functions from the facts of one run to the text of a file."""
