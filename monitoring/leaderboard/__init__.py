"""Scores of forecasters side by side, at every level and for groups."""
