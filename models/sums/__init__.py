"""Sums of forecasts: larger areas, reconciliation and harm."""
