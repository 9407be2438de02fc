"""Harms planted in sound forecasts, and which of them the audits find."""
