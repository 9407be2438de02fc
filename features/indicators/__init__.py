"""Measures beside recorded crime."""

from features.indicators.stops import read_stops

__all__ = ["read_stops"]
