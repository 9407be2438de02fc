"""Kinds of arrays, named once: what a dtype stands for wherever an array passes between modules."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Moments = npt.NDArray[np.datetime64]
"""Local times."""
Ordinals = npt.NDArray[np.int64]
"""Numbers of periods on their line, see ``contracts.periods``."""
