"""The web process: what it serves, of issued forecasts alone."""
