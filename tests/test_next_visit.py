"""What a next visit is expected to tell, by closed form and by assimilating every reading."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.special import ndtr

from twin.assimilate import assimilate, next_visit, read_people
from twin.assimilate.next_visit import WORK_STATE, in_words
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.errors import InputError
from twin.fit.draws import populations
from twin.fit.frame import FRAME, Frame, frame_of
from twin.fit.settings import ModelSettings
from twin.instruments import Instrument
from twin.law.backends import NUMPY
from twin.law.expected import expected_severity
from twin.law.grid import Floats
from twin.law.measurement import Scale
from twin.law.parameters import sampled_parameters
from twin.law.population import Population, expect, linear_scale
from twin.update.worth import worth

DRAWS = 2000
SEEN = [
    {"week": 0, "pain": 6, "disability": 14, "work_status": "sick_listed"},
    {"week": 6, "pain": 5, "disability": 12, "work_status": "restricted"},
]


def known(*, spread_of_population: float, log_rate_sd: float | None = None) -> xr.DataTree:
    """Return what a fit of a small trial would be that knows its population so well."""
    cohort, truth = synthetic_cohort(SyntheticSettings(people=24, clusters=0), seed=31)
    frame = Frame.of(cohort, ModelSettings())
    rng = np.random.default_rng(0)
    names = [parameter.name for parameter in sampled_parameters(frame.spec)]
    posterior = truth[names].expand_dims(chain=[0, 1], draw=np.arange(DRAWS // 2))
    for name in ("start_mean", "set_point_mean", "log_rate_mean"):
        shift = spread_of_population * rng.normal(size=posterior[name].shape)
        posterior[name] = posterior[name] + shift
    if log_rate_sd is not None:
        posterior["log_rate_sd"] = posterior["log_rate_sd"] * 0 + log_rate_sd
    tree = xr.DataTree.from_dict({"posterior": posterior})
    tree.attrs = {FRAME: frame.model_dump_json(), "converged": 1, "accepted_unconverged": 0}
    return tree


@pytest.fixture(scope="module")
def fit() -> xr.DataTree:
    return known(spread_of_population=0.05)


def twin_of(fit: xr.DataTree, visits: list[dict[str, object]], **said: object) -> xr.DataTree:
    person = {"patient": "p", "visits": visits, **said}
    return assimilate(fit, read_people([person], fit), draws=DRAWS)


def test_where_all_is_normal_the_share_that_goes_is_that_of_conditioning_normals() -> None:
    fit = known(spread_of_population=0.0, log_rate_sd=1e-8)
    seen = [{key: visit[key] for key in ("week", "pain", "disability")} for visit in SEEN]
    covariates = dict.fromkeys(frame_of(fit).covariates, 0.0)  # known, whatever they are
    twins = twin_of(fit, seen, covariates=covariates)
    found = next_visit(twins, [8, 13, 39], outcome="disability", week=26)
    _, _, population = next(populations(frame_of(fit).spec, fit["posterior"].to_dataset()))
    exact = conditioned(population, frame_of(fit))
    for (outcome, at), share in exact.items():
        name = f"{outcome} by {frame_of(fit).outcomes[outcome].name}"
        told = found.sel(patient="p", measurement=name, visit_week=at)
        assert told["share"].item() == pytest.approx(share, abs=0.03), (outcome, at)
        left = found["sd_now"].item() * np.sqrt(1 - told["share"].item())
        assert told["sd_after"].item() == pytest.approx(left, rel=1e-9)
    assert max(exact.values()) > 0.25  # or the test would say little


def conditioned(population: Population, frame: Frame) -> dict[tuple[str, float], float]:
    """Shares of the variance of disability's level at week 26, by dense matrices."""
    nobody = (np.zeros((1, len(frame.spec.covariates))), *np.full((2, 1), 0), np.zeros(1))
    rate = np.exp(expect(NUMPY, population, *nobody).log_rate[0])
    own = linear_scale(NUMPY, population)[0]
    covariance = (own @ own.T)[:4, :4]
    step = np.array([scale.step_share for scale in frame.outcomes.values()])
    flare = np.sqrt(population.spread**2 * population.persistent_share)
    error = population.spread**2 * (1 - population.persistent_share)

    def row(k: int, week: float) -> Floats:
        at = np.zeros(4)
        at[k], at[2 + k] = np.exp(-rate[k] * week), 1 - np.exp(-rate[k] * week)
        return at

    found = {}
    for k, outcome in enumerate(frame.outcomes):
        for next_week in (8.0, 13.0, 39.0):
            seen = [(0, 0.0), (1, 0.0), (0, 6.0), (1, 6.0), (k, next_week)]
            design = np.array([row(*one) for one in seen])
            which, week = (np.array(part) for part in zip(*seen, strict=True))
            kept = np.exp(-np.abs(week[:, None] - week) / population.persistence)
            noise = kept * (np.outer(flare, flare) * population.flare_correlation)[which][:, which]
            noise += np.diag((error + step**2 / 12)[which])
            total = design @ covariance @ design.T + noise
            now, then = (left(row(1, 26.0), covariance, design[:n], total[:n, :n]) for n in (4, 5))
            found[outcome, next_week] = 1 - then / now
    return found


def left(target: Floats, covariance: Floats, design: Floats, total: Floats) -> float:
    """Variance of a linear combination given what was seen."""
    cross = target @ covariance @ design.T
    return float(target @ covariance @ target - cross @ np.linalg.solve(total, cross))


def expected_scores(twins: xr.DataTree, week: float) -> Floats:
    """Return disability expected at a week under usual care, from the twins' own parameters."""
    frame, own = frame_of(twins), twins["twins"].to_dataset().sel(outcome="disability")
    level = own["set_point"] + (own["start"] - own["set_point"]) * np.exp(
        -np.exp(own["log_rate"]) * week
    )
    spread = twins["posterior"]["spread"].sel(outcome="disability").to_numpy()
    scale = frame.outcomes["disability"]
    variance = np.full(level.shape, spread.ravel()[0] ** 2)
    return scale.from_severity(expected_severity(level.to_numpy(), variance, Scale.of(scale)))


@pytest.mark.parametrize("measured", ["pain", "disability", "work_status"])
def test_what_is_left_is_what_assimilating_every_reading_leaves(
    fit: xr.DataTree, measured: str
) -> None:
    now = twin_of(fit, SEEN, labour_force=True)
    found = next_visit(now, [13], outcome="disability", week=26)
    scale = frame_of(fit).outcomes.get(measured)
    readings = (
        np.arange(scale.minimum, scale.maximum + 1).tolist()
        if scale
        else ["working", "restricted", "sick_listed"]
    )
    chance, left = [], []
    for reading in readings:
        then = twin_of(fit, [*SEEN, {"week": 13, measured: reading}], labour_force=True)
        gain = then["twins"]["log_evidence"].item() - now["twins"]["log_evidence"].item()
        chance.append(np.exp(gain) * (width(Scale.of(scale), reading, scale) if scale else 1.0))
        left.append(expected_scores(then, 26).var())
    # all that may be read, but for the few who leave work for good, and the law's own rounding
    assert np.sum(chance) == pytest.approx(1, abs=0.03)
    name = f"{measured} by {scale.name}" if scale else WORK_STATE
    told = found.sel(patient="p", measurement=name, visit_week=13)
    after = np.average(left, weights=chance)
    assert told["sd_after"].item() ** 2 == pytest.approx(after, rel=0.06)
    assert found["sd_now"].item() ** 2 == pytest.approx(expected_scores(now, 26).var(), rel=1e-3)


def width(scale: Scale, score: float, instrument: Instrument) -> float:
    """Width of the cell behind a score, by which its density becomes a chance; ends are chances."""
    share = (score - instrument.minimum) / instrument.range
    if share in (0, 1):
        return 1.0
    ends = scale.behind(np.array([share - scale.step / 2, share + scale.step / 2]))
    return float(np.diff(ends)[0])


def test_nothing_is_learnt_from_what_says_nothing_and_all_from_what_says_all() -> None:
    rng = np.random.default_rng(1)
    kind = rng.integers(4, size=1000)
    nothing = worth(np.tile([0.2, 0.8], (1000, 1)), kind.astype(float))
    assert nothing.share == pytest.approx(0, abs=1e-12)
    everything = worth(np.eye(4)[kind], kind.astype(float))
    assert everything.share == pytest.approx(1, abs=1e-12)
    assert everything.sd_now == pytest.approx(kind.std(ddof=1))


def test_the_monte_carlo_error_is_that_of_fresh_draws() -> None:
    edges = np.linspace(-3, 3, 13)
    shares, errors = [], []
    for seed in range(200):
        y = np.random.default_rng(seed).standard_normal(400)
        chance = np.diff(ndtr(edges - y[:, None]), axis=1, prepend=0.0, append=1.0)
        told = worth(chance, y)
        shares.append(told.share)
        errors.append(told.error)
    # of a standard normal seen with an error of one, cut in steps of a half
    assert np.mean(shares) == pytest.approx(1 / (2 + 0.25 / 12), abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(shares), rel=0.25)


def test_who_was_seen_later_or_has_no_work_is_not_asked(fit: xr.DataTree) -> None:
    people = [
        {"patient": "early", "visits": SEEN[:1], "labour_force": True},
        {"patient": "idle", "visits": [{"week": 20, "pain": 3}]},
        {"patient": "new"},
    ]
    twins = assimilate(fit, read_people(people, fit), draws=200)
    found = next_visit(twins, [0, 13], outcome="pain", week=26, others={"disability": ["odi"]})
    told = found["share"].notnull()
    assert told.sel(patient="early", visit_week=13).all()
    assert not told.sel(patient=["early", "idle"], visit_week=0).any()
    assert not told.sel(patient="idle").any()
    assert told.sel(patient="new").sum() == 6  # two weeks, three instruments, no work
    assert "disability by odi" in in_words(found, "new")
    assert "pain expected at week 26 is" in in_words(found, "idle")
    alone = assimilate(fit, read_people(people[:1], fit), draws=200)
    mine = next_visit(alone, [13], outcome="pain", week=26)
    names = mine["measurement"].to_numpy()
    theirs = found.sel(patient=["early"], visit_week=[13], measurement=names)
    xr.testing.assert_identical(mine, theirs)


def test_whoever_is_of_a_fit_may_be_asked_about_too(known_fit: xr.DataTree) -> None:
    last = known_fit["twins"]["week_now"].to_series()
    week = float(last.min() + 1)
    found = next_visit(known_fit, [week], outcome="pain", week=52)
    told = found["share"].sel(measurement="pain by pain_nrs", visit_week=week).to_series()
    assert set(told.dropna().index) == set(last.index[last < week])
    assert told.dropna().between(0.02, 1).all()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"outcome": "pian"}, "pian' is not an outcome of the fit.*'pain'"),
        ({"week": 60}, "week = 60 must lie in weeks 0 to 52"),
        ({"weeks": [6]}, "week = 6 is not after the last visit of anybody"),
        ({"others": {"pain": ["vass"]}}, "vass"),
    ],
)
def test_a_question_without_an_answer_is_refused(
    fit: xr.DataTree, asked: dict[str, object], message: str
) -> None:
    given: dict[str, object] = {"weeks": [13], "outcome": "pain", "week": 26, **asked}
    with pytest.raises(InputError, match=message):
        next_visit(twin_of(fit, SEEN, labour_force=True), **given)
