"""Expected harm: hand-worked mixes and means, and draws that agree with the theory of compound sums."""

from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from contracts import CountDistribution, Frequency, MissingThing, Period, Settings
from contracts.settings.settings import HarmWeights
from features.views.panel import Panel
from models.sums.harm import (
    HarmMix,
    expected_harm,
    fit_harm_mix,
    harm_draws,
    harm_of_levels,
    harm_weights,
    shrunken_shares,
)

BASE = {
    "city": "Tiny",
    "geography": "wards",
    "offences": {"mps": {"assault": ("Assault",), "robbery": ("Robbery",)}},
    "targets": {"serious": {"title": "Serious", "offences": {"mps": ("assault", "robbery")}}},
}
WEIGHTS = HarmWeights(source="Tiny list", unit="days", weights={"assault": 10.0, "robbery": 60.0})


def mix(shares: list[list[float]]) -> HarmMix:
    return HarmMix(("assault", "robbery"), np.array([10.0, 60.0]), np.array(shares), "Tiny list", "days")


def test_expected_harm_by_hand():
    harm = expected_harm(CountDistribution(np.array([4.0, 2.0]), np.array(0.1)), mix([[0.5, 0.5], [1.0, 0.0]]), seed=1)
    assert harm.mean == pytest.approx([4 * 35.0, 2 * 10.0])
    assert (harm.unit, harm.source) == ("days", "Tiny list")
    assert (harm.low < harm.mean).all()
    assert (harm.mean < harm.high).all()


def test_one_offence_is_its_count_times_its_weight():
    forecast = CountDistribution(np.full(50, 6.0), np.array(0.2))
    drawn = harm_draws(forecast, HarmMix(("assault",), np.array([10.0]), np.ones((50, 1)), "s", "u"), seed=3)
    assert (drawn % 10.0 == 0).all()
    assert drawn.mean() == pytest.approx(60.0, rel=0.02)


def test_draws_have_the_moments_of_a_compound_sum():
    """Var = E[N] · Var[W] + Var[N] · E[W]²."""
    forecast = CountDistribution(np.array([5.0]), np.array([0.3]))
    drawn = harm_draws(forecast, mix([[0.8, 0.2]]), seed=5, draws=60_000)[:, 0]
    one, second = 0.8 * 10 + 0.2 * 60, 0.8 * 100 + 0.2 * 3600
    assert drawn.mean() == pytest.approx(5 * one, rel=0.02)
    assert drawn.var() == pytest.approx(5 * (second - one**2) + forecast.variance[0] * one**2, rel=0.04)


def test_a_citys_harm_keeps_the_factor_that_areas_share():
    mean, shares = np.full(200, 10.0), mix([[0.5, 0.5]] * 200)
    together = harm_draws(CountDistribution(mean, np.array(0.1), np.array(0.05)), shares, seed=2).sum(axis=1)
    apart = harm_draws(CountDistribution(mean, np.array(0.1)), shares, seed=2).sum(axis=1)
    assert together.std() > 4 * apart.std()


def test_harm_of_levels_adds_up_and_its_city_knows_what_areas_share():
    """Two periods of four areas in two districts; areas of [10, 60] in equal parts weigh 35 a crime."""
    forecast = CountDistribution(np.array([[4.0, 6.0, 8.0, 2.0], [1.0, 1.0, 1.0, 1.0]]), np.array(0.3), np.array(0.2))
    groups = [np.arange(4), np.array([0, 0, 1, 1]), np.zeros(4, dtype=np.int64)]
    areas, districts, city = harm_of_levels(forecast, mix([[0.5, 0.5]] * 4), groups, seed=4, draws=40_000)
    assert areas.mean == pytest.approx(35.0 * forecast.mean)
    assert districts.mean == pytest.approx(np.array([[350.0, 350.0], [70.0, 70.0]]))
    assert city.mean == pytest.approx(np.array([[700.0], [140.0]]))
    alone = CountDistribution(forecast.mean, forecast.dispersion)
    apart = harm_of_levels(alone, mix([[0.5, 0.5]] * 4), groups, seed=4, draws=40_000)[2]
    assert ((city.high - city.low)[0] > 1.2 * (apart.high - apart.low)[0]).all()
    drawn = harm_draws(forecast[0], mix([[0.5, 0.5]] * 4), seed=99, draws=40_000).sum(axis=1)
    assert [city.low[0, 0], city.high[0, 0]] == pytest.approx(np.quantile(drawn, [0.1, 0.9]), rel=0.06)


def test_harm_of_the_areas_alone_is_their_expected_harm():
    forecast = CountDistribution(np.array([4.0, 2.0]), np.array(0.1))
    (ours,) = harm_of_levels(forecast[None], mix([[0.5, 0.5], [1.0, 0.0]]), [np.arange(2)], seed=1)
    theirs = expected_harm(forecast, mix([[0.5, 0.5], [1.0, 0.0]]), seed=1)
    for part in ("mean", "low", "high"):
        assert getattr(ours, part)[0].tolist() == getattr(theirs, part).tolist()


def test_shares_of_alike_areas_are_shrunk_to_the_citys():
    generator = np.random.default_rng(6)
    counts = generator.multinomial(10, [0.8, 0.2], size=200).astype(float)
    shares = shrunken_shares(counts)
    assert shares.sum(axis=1) == pytest.approx(np.ones(200))
    assert shares[:, 1].std() < 0.1 * (counts[:, 1] / 10).std()


def test_areas_that_differ_keep_their_own_shares():
    counts = np.array([[90.0, 10.0], [10.0, 90.0], [0.0, 0.0]] * 20)
    shares = shrunken_shares(counts)
    assert shares[0, 0] > 0.85
    assert shares[1, 0] < 0.15
    assert shares[2] == pytest.approx([0.5, 0.5])


def test_an_offence_that_never_happened_has_no_share():
    assert shrunken_shares(np.array([[5.0, 0.0], [7.0, 0.0]])) == pytest.approx(np.array([[1.0, 0.0]] * 2))


def test_the_mix_comes_from_the_newest_three_years():
    counts = np.zeros((2, 1, 60))
    counts[0, 0, :24], counts[1, 0, 24:] = 50.0, 1.0
    offences = Panel(
        as_of=date(2024, 1, 10),
        geography="wards",
        frequency=Frequency.MONTH,
        targets=("assault", "robbery"),
        areas=("A",),
        first=Period.parse("2019-01", Frequency.MONTH),
        counts=counts,
        settled=np.zeros((2, 60), dtype=bool),
        publications=(),
    )
    assert fit_harm_mix(offences, WEIGHTS).harm_per_crime == pytest.approx([60.0])


def test_nothing_counted_is_told():
    with pytest.raises(MissingThing):
        shrunken_shares(np.zeros((3, 2)))


def test_weights_that_are_not_given_are_told():
    without = Settings.model_validate(BASE)
    with pytest.raises(MissingThing, match="no harm weights"):
        harm_weights(without, "mps", ["assault"])
    some = Settings.model_validate({**BASE, "harm": {"mps": {"source": "Tiny list", "weights": {"assault": 10.0}}}})
    with pytest.raises(MissingThing, match="robbery"):
        harm_weights(some, "mps", ["assault", "robbery"])
    assert harm_weights(some, "mps", ["assault"]).source == "Tiny list"


@pytest.mark.parametrize(
    "harm",
    [
        {"mps": {"weights": {"assault": 10.0}}},
        {"mps": {"source": "", "weights": {"assault": 10.0}}},
        {"mps": {"source": "s", "weights": {"assault": -1.0}}},
        {"mps": {"source": "s", "weights": {"arson": 1.0}}},
        {"other": {"source": "s", "weights": {"assault": 1.0}}},
    ],
)
def test_weights_without_source_or_offence_are_refused(harm):
    with pytest.raises(ValidationError):
        Settings.model_validate({**BASE, "harm": harm})
