"""The append-only, signed record of every forecast, training and decision."""
