"""Forecasts of past periods from what was known before each, judged and audited."""
