"""How much each way of looking back tells about an area's next share: weights of a mixture, learned on the past.

An incident of the next period is taken to come from one of the components of ``features.building.near_repeat``; the
weights with which it does so are those under which the incidents that did happen were likeliest. Found by expectation
and maximisation (Dempster, Laird & Rubin 1977): the likelihood is concave in the weights, so there is one answer.
"""

from __future__ import annotations

import numpy as np

from contracts import periods_per_year
from contracts.arrays import Floats
from features.building.near_repeat import component_names, component_shares
from features.geographies.geography import Geography
from features.views import Panel

YEARS = 2
"""How many of the newest years of forecast periods the weights are learned from."""
ROUNDS = 300
_SMALLEST = 1e-12


def fit_share_mixture(panel: Panel, target: str, geography: Geography, horizon: int) -> tuple[float, ...]:
    """Weights of ``component_names``, not negative and with sum 1, for forecasts ``horizon`` periods ahead."""
    counts = panel.of(target)
    ahead = counts[:, horizon:][:, -YEARS * periods_per_year(panel.frequency) :]
    outcomes = np.where(np.isnan(ahead), 0.0, ahead)
    happened = outcomes > 0
    count = len(component_names())
    if not happened.any():
        return (*[0.0] * (count - 1), 1.0)
    shares = [
        share[:, :-horizon][:, -outcomes.shape[1] :][happened]
        for share in component_shares(counts, geography.adjacency, panel.frequency)
    ]
    return tuple(mixture_weights(np.array(shares), outcomes[happened]).tolist())


def mixture_weights(densities: Floats, times: Floats) -> Floats:
    """Weights (components,) under which observations are likeliest.

    ``densities`` (components, observations) is what each component gives an observation, ``times`` how often it was
    observed.
    """
    weights = np.full(densities.shape[0], 1.0 / densities.shape[0])
    for _ in range(ROUNDS):
        mixed = np.maximum(weights @ densities, _SMALLEST)
        weights = weights * (densities @ (times / mixed))
        weights /= weights.sum()
    return weights
