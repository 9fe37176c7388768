"""A twin is one person's posterior, and says so in plain words."""

import numpy as np
import pytest
import xarray as xr
from conftest import known_tree

from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.errors import InputError
from twin.fit.arrays import model_spec, records
from twin.fit.settings import ModelSettings
from twin.keyed import keyed_normals
from twin.twins import TwinEnsemble


@pytest.fixture(scope="module")
def twins(known_fit: xr.DataTree) -> TwinEnsemble:
    return TwinEnsemble(known_fit)


def test_printing_a_twin_says_what_is_known_on_one_screen(twins: TwinEnsemble) -> None:
    for patient in twins:
        text = str(twins[patient])
        assert 8 <= len(text.splitlines()) <= 14
        words = [patient, "SYNTHETIC", "arm ", "last scores", "work: ", "90% interval", "learnt"]
        assert all(word in text for word in words), text


def test_a_twin_speaks_in_score_units(twins: TwinEnsemble) -> None:
    twin = twins["p003"]
    start, severity = twin.scores("start"), twin.parameters["start"]
    shown = 0.1 * np.log(1 + np.exp(severity[..., 1] / 0.1))
    np.testing.assert_allclose(start.sel(outcome="disability"), 24 * shown)
    np.testing.assert_allclose(
        twin.scores("response")[..., 0], 10 * twin.parameters["response"][..., 0]
    )
    np.testing.assert_allclose(twin.half_life, np.log(2) / np.exp(twin.parameters["log_rate"]))


def test_only_people_who_were_given_something_have_a_response_to_it(twins: TwinEnsemble) -> None:
    for patient in twins:
        treated = twins[patient].facts["arm"].item() == "app"
        assert ("response to" in str(twins[patient])) == treated


def test_an_unconverged_fit_marks_every_twin(known_fit: xr.DataTree) -> None:
    marked = known_fit.copy()
    marked.attrs = known_fit.attrs | {"converged": 0}
    ensemble = TwinEnsemble(marked)
    assert "UNCONVERGED" in str(ensemble)
    assert all("UNCONVERGED" in str(ensemble[patient]) for patient in ensemble)


def test_an_unknown_id_is_answered_with_the_nearest(twins: TwinEnsemble) -> None:
    with pytest.raises(InputError, match=r"'p0O3' is not a known patient.*Did you mean 'p003'\?"):
        twins["p0O3"]


def test_the_records_of_a_person_narrow_what_is_known(twins: TwinEnsemble) -> None:
    shares = [twins[patient].learnt["start"].mean().item() for patient in twins]
    assert min(shares) >= 0
    assert np.mean(shares) > 0.2


def test_random_numbers_belong_to_the_person_and_the_purpose() -> None:
    everyone = keyed_normals(7, "effects", ["p1", "p2", "p3"], (4, 2))
    np.testing.assert_array_equal(keyed_normals(7, "effects", ["p3"], (4, 2))[0], everyone[2])
    for other in (
        keyed_normals(8, "effects", ["p3"], (4, 2)),
        keyed_normals(7, "flare", ["p3"], (4, 2)),
    ):
        assert not np.isin(other, everyone).any()


def test_the_present_flare_is_that_of_a_normal_given_its_sum_with_an_error() -> None:
    """Seen once: flare has mean F (F + E)^-1 off and variance F - F (F + E)^-1 F."""
    settings = SyntheticSettings(
        people=40, clusters=0, visit_weeks=(0,), missing_shares=(0,), entry_minimum=None
    )
    cohort, truth = synthetic_cohort(settings, seed=2)
    spec, data = model_spec(cohort), records(cohort, ModelSettings().time_grid)
    people = known_tree(cohort, spec, data, truth)["twins"].to_dataset()
    spread, share = truth["spread"].to_numpy(), truth["persistent_share"].to_numpy()
    root = truth["flare_correlation"].to_numpy()
    sd = spread * np.sqrt(share)
    flare = np.outer(sd, sd) * (root @ root.T)

    standard = []
    for person in range(cohort.n):
        scores = data.scores
        if data.scores.n_scores[person] < 2 or scores.end[person].any():
            continue
        error = np.diag(
            spread**2 * (1 - share) + scores.rounding_variance[person][scores.outcome[person]]
        )
        order = np.argsort(scores.outcome[person])
        off = scores.severity[person][order] - people["level_now"].isel(patient=person).to_numpy()
        gain = flare @ np.linalg.inv(flare + error)
        rest = np.linalg.cholesky(flare - gain @ flare)
        noise = people["flare_now"].isel(patient=person).to_numpy() - off @ gain.T
        standard.append(np.linalg.solve(rest, noise.reshape(-1, 2).T))
    found = np.concatenate(standard, axis=1)
    n = found.shape[1]
    assert n > 5000
    # five standard errors of a mean and of a variance of standard normals
    assert np.abs(found.mean(axis=1)).max() < 5 / np.sqrt(n)
    assert np.abs(np.cov(found) - np.eye(2)).max() < 5 * np.sqrt(2 / n)
