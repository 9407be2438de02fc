"""Harms planted in sound forecasts, and which of them the audits find."""

from training.self_test.self_test import FIRST_SEED, self_test

__all__ = ["FIRST_SEED", "self_test"]
