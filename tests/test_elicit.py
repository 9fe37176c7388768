"""Evidence into effects: what was published goes in rightly, as wide as it should be, and out."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from priors import (
    ElicitedEffect,
    EvidenceLibrary,
    NormalMixture,
    load_elicited_effects,
    load_evidence,
)
from scenarios import Intervention, centre, interval, load_scenario
from scenarios.load import intervention_mapping
from twin.elicit.__main__ import main as command
from twin.elicit.course_of_effect import lasting_share, shown_later
from twin.elicit.effects import elicit_effects
from twin.elicit.pool import FAR, pool
from twin.elicit.published import Contrast, contrast, pain_free_contrast
from twin.elicit.question import LASTING, QUESTIONS
from twin.elicit.trial import TrialDesign, adjusted_difference, simulate_trials
from twin.elicit.trials import (
    CLOSE,
    TRIALS,
    as_published,
    design_of,
    responders,
    simulate_row,
    workplace_rows,
)
from twin.elicit.work import LASTS_WEEKS, Workers, log_ratios, shifts
from twin.elicit.write import EFFECTS as SHIPPED_EFFECTS
from twin.elicit.write import write_effects

EFFECTS = load_elicited_effects()


@pytest.fixture(scope="module")
def library() -> EvidenceLibrary:
    return load_evidence()


# Pooling


def on_a_grid(
    estimate: Sequence[float], error: Sequence[float], apart: float
) -> tuple[float, float, float, float]:
    """Moments of the effect elsewhere and in the first setting, by plain summation."""
    mean = np.linspace(-12, 12, 1201)[:, None, None] * apart
    between = (np.arange(600)[None, :, None] + 0.5) / 100 * apart
    y, s = np.asarray(estimate), np.asarray(error)
    log_weight = (
        stats.norm(0, FAR * apart).logpdf(mean)[..., 0]
        + stats.halfnorm(scale=apart).logpdf(between)[..., 0]
        + stats.norm(mean, np.hypot(s, between)).logpdf(y).sum(axis=-1)
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean, between = mean[..., 0], between[..., 0]
    elsewhere = (weight * mean).sum()
    spread = (weight * (mean**2 + between**2)).sum() - elsewhere**2
    precision = 1 / s[0] ** 2 + 1 / between**2
    own = (y[0] / s[0] ** 2 + mean / between**2) / precision
    same = (weight * own).sum()
    own_spread = (weight * (own**2 + 1 / precision)).sum() - same**2
    return elsewhere, math.sqrt(spread), same, math.sqrt(own_spread)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("estimate", "error"),
    [((1.8,), (0.4,)), ((1.8, 0.3, 0.9), (0.4, 0.3, 0.6)), ((1.8, -1.5), (0.2, 0.2))],
)
def test_pooled_moments_are_those_of_grid_integration(
    estimate: tuple[float, ...], error: tuple[float, ...]
) -> None:
    found = pool(estimate, error, apart=0.7)
    wanted = on_a_grid(estimate, error, apart=0.7)
    np.testing.assert_allclose([*found.elsewhere, *found.same], wanted, atol=0.03)


@pytest.mark.slow
def test_one_study_is_widened_by_the_prior_of_what_settings_differ_by() -> None:
    # a study says nothing of the SD between settings: its error, the own setting's distance from
    # the mean and the new one's add up, the latter two of mean square apart^2
    found = pool([1.8], [0.4], apart=0.7)
    assert found.elsewhere.sd == pytest.approx(math.sqrt(0.4**2 + 2 * 0.7**2), rel=0.03)
    assert found.same == pytest.approx((1.8, 0.4), abs=0.02)


@pytest.mark.slow
def test_studies_that_conflict_widen_what_is_believed_elsewhere() -> None:
    agree = pool([1.8, 1.7], [0.4, 0.4], apart=0.7)
    conflict = pool([1.8, -0.4], [0.4, 0.4], apart=0.7)
    assert conflict.elsewhere.sd > 1.3 * agree.elsewhere.sd
    assert conflict.between > agree.between


# What was published


def test_benefits_are_negative_however_they_were_printed(library: EvidenceLibrary) -> None:
    printed_positive = contrast(library["selfback_rmdq_difference_3mo"], "score")
    printed_negative = contrast(library["restore_cft_rmdq_difference_13wk"], "score")
    assert printed_positive == pytest.approx((-0.79, (1.51 - 0.06) / 3.92), abs=1e-3)
    assert printed_negative == pytest.approx((-4.6, (5.9 - 3.4) / 3.92), abs=1e-3)


def test_scales_are_shares_of_their_width(library: EvidenceLibrary) -> None:
    of_hundred = contrast(library["exercise_pain_difference"], "severity")
    of_rmdq = contrast(library["uk_beam_exercise_rmdq_difference_3mo"], "severity")
    assert of_hundred.estimate == pytest.approx(-0.152)
    assert of_rmdq.estimate == pytest.approx(-1.36 / 24)


def test_an_end_that_was_cut_leaves_the_error_to_the_other(library: EvidenceLibrary) -> None:
    found = contrast(library["workplace_lasting_return_hazard_ratio"], "log_hazard_ratio")
    assert found == pytest.approx((math.log(1.07), math.log(1.07 / 0.72) / 1.96), abs=1e-3)


def test_a_figure_without_an_interval_is_no_contrast(library: EvidenceLibrary) -> None:
    with pytest.raises(ValueError, match="split_rmdq_difference_crude: needs an estimate with"):
        contrast(library["split_rmdq_difference_crude"], "score")


def test_the_difference_behind_shares_free_of_pain_gives_them_back(
    library: EvidenceLibrary,
) -> None:
    keys = QUESTIONS["pain_reprocessing_pain"].shares
    treated, control, *spread = (library[key] for key in keys)
    found = pain_free_contrast(treated, control, spread)
    scores = stats.norm(4.0, math.hypot(1.09, 0.91))
    assert scores.cdf(scores.ppf(0.10) - found.estimate) == pytest.approx(0.66)


# What ships


def test_what_ships_answers_every_question() -> None:
    assert set(EFFECTS) == {*QUESTIONS, *LASTING, "workplace_first_return", "workplace_relapse"}


@pytest.mark.parametrize("name", list(EFFECTS))
def test_every_elicited_effect_rests_on_figures_that_a_prior_may_rest_on(
    library: EvidenceLibrary, name: str
) -> None:
    effect = EFFECTS[name]
    assert effect.evidence
    assert effect.label == "borrowed"
    for record in map(library.prior, effect.evidence):  # refuses gaps, and what validates
        # rows of one work stand together: (evidence 3.2, 3.3)
        assert re.search(rf"\(evidence [^)]*\b{re.escape(record.row)}\b", effect.source)
        if record.status == "recalled":
            assert f"evidence {record.row}; recalled, to be verified" in effect.source


@pytest.mark.parametrize("name", list(EFFECTS))
def test_every_cohort_that_contributed_can_be_left_out(library: EvidenceLibrary, name: str) -> None:
    def cohort_of(key: str) -> str | None:
        source = library[key].source
        return None if source is None else library.sources[source].cohort

    effect = EFFECTS[name]
    assert set(effect.without) == {cohort_of(key) for key in effect.evidence} - {None}
    for cohort, belief in effect.without.items():
        assert cohort not in {cohort_of(key) for key in belief.evidence}
        assert effect.believed(["somebody", cohort]) == belief
        assert belief.evidence or (belief.label == "assumed" and centre(belief.elsewhere) == 0)
    assert effect.believed(["somebody"]) == effect


def test_evidence_that_is_cautioned_against_is_half_believed(library: EvidenceLibrary) -> None:
    cautioned = [
        name
        for name, question in QUESTIONS.items()
        if all(library[key].caution in ("weak", "sceptical") for key in question.keys)
    ]
    assert {"cft_disability", "stratified_care_pain", "pain_education_pain"} <= set(cautioned)
    for name in cautioned:
        for believed in (EFFECTS[name].elsewhere, EFFECTS[name].same):
            assert isinstance(believed, NormalMixture)
            assert believed.weights == (0.5, 0.5)
            assert believed.means[1] == 0


def width(effect: ElicitedEffect, level: float = 0.9) -> float:
    low, high = interval(effect.elsewhere, level)
    return high - low


def test_stratified_care_is_less_sure_elsewhere_than_its_first_trial(
    library: EvidenceLibrary,
) -> None:
    published = contrast(library["start_back_rmdq_difference_4mo"], "score")
    effect = EFFECTS["stratified_care_disability"]
    assert width(effect) > 3 * 2 * 1.645 * published.error
    assert interval(effect.elsewhere, 0.9)[1] > 0  # none, or harm, is among what is believed
    assert isinstance(effect.elsewhere, NormalMixture)


def test_cognitive_functional_therapy_is_shrunk_by_half(library: EvidenceLibrary) -> None:
    published = contrast(library["restore_cft_rmdq_difference_13wk"], "score").estimate
    for believed in (EFFECTS["cft_disability"].elsewhere, EFFECTS["cft_disability"].same):
        assert 0.4 < centre(believed) / published < 0.6


def test_the_file_that_ships_is_as_it_is_written(tmp_path: Path) -> None:
    write_effects(EFFECTS, tmp_path / "effects.yaml")
    assert (tmp_path / "effects.yaml").read_text("utf-8") == SHIPPED_EFFECTS.read_text("utf-8")


@pytest.mark.parametrize("name", list(LASTING))
def test_lasting_shares_that_ship_are_what_elicitation_gives(
    library: EvidenceLibrary, name: str
) -> None:
    intervention, *keys = LASTING[name]
    earlier, later = (contrast(library[key], "score") for key in keys)
    weeks = (library[keys[0]].weeks or 0, library[keys[1]].weeks or 0)
    found = lasting_share(intervention_mapping(intervention), earlier, later, weeks)
    assert found == EFFECTS[name].elsewhere


def test_people_in_whom_the_mean_share_lasts_show_the_later_difference() -> None:
    # a large difference, of which an instrument hides more than of what is left of it
    care, weeks = intervention_mapping("stratified_care"), (17.3333, 52.0)
    earlier, later = Contrast(-3.0, 0.1), Contrast(-1.75, 0.1)
    mean = centre(lasting_share(care, earlier, later, weeks))
    assert shown_later(care, earlier, weeks, mean) == pytest.approx(later.estimate, abs=0.01)


def test_an_effect_that_stays_as_large_lasts_and_one_that_is_gone_does_not() -> None:
    exercise, earlier = intervention_mapping("exercise"), Contrast(-2.0, 0.01)
    kept = lasting_share(exercise, earlier, Contrast(-2.0, 0.01), (13, 52))
    gone = lasting_share(exercise, earlier, Contrast(-0.1, 0.01), (13, 52))
    assert centre(kept) > 0.9
    assert centre(gone) < 0.1


def test_an_unsure_ratio_leaves_the_lasting_share_unsure() -> None:
    exercise, earlier, weeks = intervention_mapping("exercise"), Contrast(-2.0, 0.1), (13.0, 52.0)
    sure = lasting_share(exercise, earlier, Contrast(-1.2, 0.1), weeks)
    unsure = lasting_share(exercise, earlier, Contrast(-1.2, 0.4), weeks)
    assert centre(sure) == pytest.approx(centre(unsure), abs=0.01)
    assert np.ptp(interval(unsure, 0.9)) > 2 * np.ptp(interval(sure, 0.9))


@pytest.mark.slow
def test_what_ships_is_what_elicitation_gives() -> None:
    again = elicit_effects()
    assert list(again) == list(EFFECTS)
    for name, effect in EFFECTS.items():
        assert again[name].model_copy(
            update={"elsewhere": effect.elsewhere, "same": effect.same, "without": {}}
        ) == effect.model_copy(update={"without": {}})
        for one, other in (
            (again[name].elsewhere, effect.elsewhere),
            (again[name].same, effect.same),
        ):
            tolerance = 0.03 * np.ptp(interval(other, 0.9))
            assert centre(one) == pytest.approx(centre(other), abs=tolerance)
            np.testing.assert_allclose(interval(one, 0.9), interval(other, 0.9), atol=tolerance)


# Work


def test_a_shift_of_a_single_move_is_its_hazard_ratio() -> None:
    # one way only leads from sick leave to work, nobody differs, and nobody falls back
    workers = Workers.of(20_000)
    one_way = np.array([-30.0, -30.0, -30.0, -30.0, -30.0, -2.5])
    alike = replace(workers, frailty=np.zeros(20_000), log_intensity=one_way, log_exit=-30.0)
    first, lasting = log_ratios(alike, math.log(1.5), 0.0)
    assert first == pytest.approx(math.log(1.5), abs=0.03)
    assert lasting == pytest.approx(first, abs=1e-9)


def test_without_shifts_two_groups_are_alike() -> None:
    assert log_ratios(Workers.of(2_000), 0.0, 0.0) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_more_relapse_lowers_the_lasting_return_and_leaves_the_first() -> None:
    workers = Workers.of(5_000)
    few, many = log_ratios(workers, 0.5, 0.0), log_ratios(workers, 0.5, 1.0)
    assert few[0] == many[0]
    assert many[1] < few[1] - 0.1


def test_the_workplace_intervention_says_when_a_return_is_a_lasting_one() -> None:
    told = " ".join(str(load_scenario("workplace")).split())
    assert f"when {LASTS_WEEKS} weeks of full work follow (assumed)" in told


def test_shifts_give_the_ratios_that_were_asked_for() -> None:
    workers = Workers.of(5_000)
    found = shifts(workers, math.log(1.55), math.log(1.07))
    ratios = np.exp(log_ratios(workers, *found))
    np.testing.assert_allclose(ratios, [1.55, 1.07], rtol=0.02)


# Simulated trials


def test_the_adjusted_difference_is_the_coefficient_of_the_arm() -> None:
    rng = np.random.default_rng(1)
    treated, baseline = rng.random(50) < 0.5, rng.normal(10, 4, 50)
    score = 3 + 0.6 * baseline - 1.7 * treated
    assert adjusted_difference(score, treated, baseline) == pytest.approx(-1.7)


def nothing() -> Intervention:
    return load_scenario("null").interventions[0].model_copy(update={"response_time": TIME})


TIME = load_scenario("selfback").interventions[0].response_time
SMALL = TrialDesign(40, 40, "disability", 13, entry=("disability", 6), missing=0.2)


def test_everyone_in_a_simulated_trial_reached_its_entry_criterion() -> None:
    found = simulate_trials(SMALL, nothing(), 5, seed=1)
    assert found.baseline.min() == 6
    assert 0.05 < 1 - found.came.mean() < 0.35
    assert found.treated.sum() == 40
    assert found.mean() == (0.0, 0.0)
    np.testing.assert_array_equal(found.follow_up, found.untreated)


def test_the_table_looks_for_every_contrast_that_was_used() -> None:
    used = {key for question in QUESTIONS.values() for key in question.evidence}
    used |= {key for _, *keys in LASTING.values() for key in keys}
    assert used == {trial.found for trial in TRIALS.values()} - {None}
    behind_shares = {trial.question for trial in TRIALS.values() if trial.found is None}
    assert behind_shares == {name for name, question in QUESTIONS.items() if question.shares}


def test_designs_are_those_of_the_evidence(library: EvidenceLibrary) -> None:
    assert design_of(library, TRIALS["selfBACK"]) == TrialDesign(
        232, 229, "disability", 13, entry=("disability", 6), missing=0.13
    )
    assert design_of(library, TRIALS["RESTORE"]) == TrialDesign(
        164, 164, "disability", 13, entry=("pain", 4)
    )
    assert design_of(library, TRIALS["Boulder, pain reprocessing"]) == TrialDesign(
        50, 50, "pain", 4
    )
    twelve = design_of(library, TRIALS["STarT Back, 12 months"])
    assert (twelve.treated, twelve.control, twelve.week) == (568, 283, 52)


def test_simulated_trials_of_selfback_find_what_it_published(library: EvidenceLibrary) -> None:
    row = simulate_row(library, "selfBACK", 60)
    assert row.published.estimate == pytest.approx(-0.79)
    assert row.error < 0.5 * CLOSE * row.published.error
    assert abs(row.off) < CLOSE


def test_a_trial_of_half_the_effect_is_seen_to_miss(library: EvidenceLibrary) -> None:
    trial = TRIALS["selfBACK"]
    whole = as_published(library, trial).model_dump()
    whole["effects"][0]["distribution"]["mean"] /= 2
    found = simulate_trials(
        design_of(library, trial), Intervention.model_validate(whole), 60, seed=1
    ).mean()
    assert abs(found[0] + 0.79) > 3 * CLOSE * (1.51 - 0.06) / 3.92


def test_shares_that_improved_in_selfback_are_among_what_was_predicted(
    library: EvidenceLibrary,
) -> None:
    shares = responders(library, replicates=100)
    assert [published for published, _, _ in shares.values()] == [0.52, 0.39]
    for published, low, high in shares.values():
        assert low < published < high


@pytest.mark.slow
def test_simulated_workers_return_as_published(library: EvidenceLibrary) -> None:
    for row in workplace_rows(library):
        assert abs(row.off) < CLOSE, row


@pytest.mark.validate
@pytest.mark.parametrize("name", list(TRIALS))
def test_simulated_trials_find_what_was_published(library: EvidenceLibrary, name: str) -> None:
    row = simulate_row(library, name, 1_000)
    assert abs(row.off) < CLOSE, row


def test_a_trial_that_was_never_simulated_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command(["trials", "--only", "RESTOR"]) == 2
    told = capsys.readouterr()
    assert not told.out
    assert "'RESTOR'" in told.err
    assert "Did you mean 'RESTORE'?" in told.err
