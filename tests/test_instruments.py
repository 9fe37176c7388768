"""Scales: what a score says of severity, which scores fit, and where the figures come from."""

import re

import numpy as np
import pytest
from pydantic import ValidationError

from twin.errors import InputError
from twin.instruments import Instrument, instrument, instruments, lookalikes, misfits

ALL = list(instruments().values())
by_name = pytest.mark.parametrize("scale", ALL, ids=lambda scale: scale.name)


def scores_of(scale: Instrument) -> np.ndarray:
    """Return every score of a grid; for a line, its ends and some of what lies between."""
    return np.linspace(
        scale.minimum,
        scale.maximum,
        13 if scale.step is None else round(scale.range / scale.step) + 1,
    )


@by_name
def test_severity_is_0_at_the_best_score_and_1_at_the_worst(scale: Instrument) -> None:
    best, worst = scale.minimum, scale.maximum
    if scale.worse == "lower":
        best, worst = worst, best
    assert scale.to_severity(best) == 0.0
    assert scale.to_severity(worst) == 1.0


@by_name
def test_a_score_survives_the_way_to_severity_and_back(scale: Instrument) -> None:
    scores = scores_of(scale)
    np.testing.assert_allclose(scale.from_severity(scale.to_severity(scores)), scores, atol=1e-12)


@by_name
def test_a_latent_severity_lies_in_the_cell_of_the_score_it_rounds_to(scale: Instrument) -> None:
    latent = np.random.default_rng(1).uniform(-0.5, 1.5, 2000)
    exact = np.clip(scale.from_severity(latent), scale.minimum, scale.maximum)
    step = scale.step
    recorded = exact if step is None else np.round((exact - scale.minimum) / step) * step
    recorded = recorded if step is None else recorded + scale.minimum
    lower, upper = scale.cell(recorded)
    assert np.all((lower - 1e-12 <= latent) & (latent <= upper + 1e-12))


@pytest.mark.parametrize("scale", [s for s in ALL if s.kind == "grid"], ids=lambda s: s.name)
def test_the_cells_of_a_grid_tile_the_line(scale: Instrument) -> None:
    lower, upper = scale.cell(scores_of(scale))
    order = np.argsort(lower)
    np.testing.assert_allclose(lower[order][1:], upper[order][:-1], atol=1e-12)
    assert lower.min() == -np.inf
    assert upper.max() == np.inf


def test_cells_of_known_scores() -> None:
    lower, upper = instrument("rmdq").cell([0, 6, 24, np.nan])
    np.testing.assert_allclose(lower, [-np.inf, 5.5 / 24, 23.5 / 24, np.nan])
    np.testing.assert_allclose(upper, [0.5 / 24, 6.5 / 24, np.inf, np.nan])
    # Full self-efficacy is the best state, so the open end of severity is at the top score.
    lower, upper = instrument("pseq").cell([60, 0])
    np.testing.assert_allclose(lower, [-np.inf, 59.5 / 60])
    np.testing.assert_allclose(upper, [0.5 / 60, np.inf])
    lower, upper = instrument("promis_physical_function").cell([80, 50, 20])
    np.testing.assert_array_equal(lower, [-np.inf, 0.5, 1.0])
    np.testing.assert_array_equal(upper, [0.0, 0.5, np.inf])


def test_scores_off_the_range_or_off_the_grid_are_misfits() -> None:
    odi = instrument("odi")
    scores = [0, 2, 3, 100, 140, -2, np.nan, np.inf, 2 + 1e-12]
    expected = [False, False, True, False, True, True, False, True, False]
    assert misfits(odi, scores).tolist() == expected
    vas = instrument("pain_vas")
    assert misfits(vas, [33.3, 100.1, np.nan]).tolist() == [False, True, False]


def test_a_column_of_another_scale_is_recognised_likeliest_first() -> None:
    names = [other.name for other in lookalikes(instrument("rmdq"), [44, 12, 26, 60, 8, 0])]
    assert names[0] == "odi"
    names = [other.name for other in lookalikes(instrument("odi"), [3, 11, 24, 7, 18, 0])]
    assert names[0] == "rmdq"


def test_a_slip_of_the_pen_is_not_taken_for_another_scale() -> None:
    assert lookalikes(instrument("rmdq"), [44, *range(24)]) == ()
    assert lookalikes(instrument("odi"), [240] * 20) == ()
    assert lookalikes(instrument("odi"), []) == ()


def test_an_unknown_instrument_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'rmqd' is not an instrument.*Did you mean 'rmdq'\?"):
        instrument("rmqd")


@pytest.mark.parametrize(
    "change",
    [{"maximum": -1}, {"step": None}, {"step": 3}, {"kind": "continuous"}, {"color": "red"}],
    ids=str,
)
def test_an_impossible_scale_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Instrument.model_validate(instrument("pain_nrs").model_dump() | change)


@by_name
def test_every_figure_names_its_publication_and_how_it_was_seen(scale: Instrument) -> None:
    cited = [scale.source]
    cited += [change.source for change in scale.important_changes]
    cited += [figure.source for figure in scale.retest]
    for source in cited:
        assert re.search(r"\b(19|20)\d\d\b|evidence \d+\.\d+", source)
        assert re.search(r"[(,] ?(read: |derived|computed|recalled)", source)


def test_retest_figures_are_those_of_the_evidence() -> None:
    rows = {
        re.findall(r"evidence (\d+\.\d+)|PubMed (\d+)", figure.source)[0] + (scale.name,): (
            figure.sem,
            figure.lag_weeks,
            figure.n,
            figure.cohort,
        )
        for scale in ALL
        for figure in scale.retest
    }
    assert rows == {
        ("9.2", "", "odi"): (6.0, 6.0, 47, None),
        ("9.3", "", "rmdq"): (3.7, 6.0, 47, None),
        ("9.4", "", "rmdq"): (2.9, 4.0, 640, None),
        ("11.7", "", "odi"): (3.85, None, 152, "ashar2022"),
        ("11.7", "", "pain_nrs"): (0.86, None, 152, "ashar2022"),
        # collected since: the abstract of the German validation
        ("", "32975396", "msk_hq"): (3.4, None, 100, None),
    }
    assert round(8.1 / (1.96 * np.sqrt(2)), 1) == 2.9  # how row 9.4 was derived
