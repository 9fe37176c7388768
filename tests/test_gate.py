"""The convergence gate stops what did not converge and lets pass what did."""

from collections.abc import Mapping

import numpy as np
import pytest
import xarray as xr

from twin.fit.gate import check_convergence
from twin.fit.gate_report import ConvergenceError, GateReport

CHAINS, DRAWS, PEOPLE = 4, 500, 40
OUTCOMES = ["pain", "disability"]


def independent(seed: int = 5) -> dict[str, xr.Dataset]:
    """Return a fit of independent draws: as converged as a fit can be."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(size=(CHAINS, DRAWS, *shape))

    sampled = ("chain", "draw")
    correlation = 0.9 * np.tanh(normal(1, 1)) * (1 - np.eye(2)) + np.eye(2)
    return {
        "posterior": xr.Dataset(
            {
                "persistence": (sampled, normal()),
                "spread": ((*sampled, "outcome"), normal(2)),
                "flare_correlation": (
                    (*sampled, "outcome", "outcome_other"),
                    np.linalg.cholesky(correlation),
                ),
                "flare_correlation_matrix": (
                    (*sampled, "outcome", "outcome_other"),
                    correlation,
                ),
            },
            coords={"outcome": OUTCOMES, "outcome_other": OUTCOMES},
        ),
        "twins": xr.Dataset(
            {
                "log_rate": ((*sampled, "patient", "outcome"), normal(PEOPLE, 2)),
                "start": ((*sampled, "patient", "outcome"), normal(PEOPLE, 2)),
                # drawn afresh for every draw: says nothing about the sampler
                "flare_now": ((*sampled, "patient", "outcome"), np.zeros_like(normal(PEOPLE, 2))),
            },
            coords={"patient": [f"p{i:03}" for i in range(PEOPLE)], "outcome": OUTCOMES},
        ),
        # at baseline both arms start from the same person: zero by definition
        "estimands": xr.Dataset(
            {"arm_contrast": ((*sampled, "week"), normal(2) * np.array([0, 1]))},
            coords={"week": [0, 6]},
        ),
        "sample_stats": xr.Dataset(
            {
                "diverging": (sampled, np.zeros((CHAINS, DRAWS), bool)),
                "energy": (sampled, normal()),
            },
            coords={"chain": range(CHAINS)},
        ),
    }


def checked(fit: Mapping[str, xr.Dataset]) -> GateReport:
    return check_convergence(**fit)


def failing(report: GateReport) -> dict[str, tuple[str, ...]]:
    """Return the names that break each rule, by the words before its limit."""
    return {row.rule.rsplit(maxsplit=2)[0]: row.failing for row in report.rows if not row.passed}


def test_independent_draws_pass() -> None:
    report = checked(independent())
    assert report.passed, str(report)
    assert "passed" in str(report)


def test_a_chain_elsewhere_is_found_and_named() -> None:
    fit = independent()
    fit["posterior"]["spread"][0, :, 1] += 1
    assert failing(checked(fit))["population R-hat"] == ("spread[disability]",)


def test_a_headline_quantity_counts_like_a_parameter() -> None:
    fit = independent()
    fit["estimands"]["arm_contrast"][0, :, 1] += 1
    assert failing(checked(fit))["population R-hat"] == ("arm_contrast[6]",)


def test_a_sampler_that_crawls_has_too_few_effective_draws() -> None:
    fit = independent()
    crawling = np.random.default_rng(3).normal(size=(CHAINS, DRAWS))
    for draw in range(1, DRAWS):
        crawling[:, draw] = 0.9 * crawling[:, draw - 1] + 0.436 * crawling[:, draw]
    fit["posterior"]["persistence"][:] = crawling
    assert failing(checked(fit))["population bulk ESS"] == ("persistence",)


def test_a_quantity_that_never_moves_fails() -> None:
    fit = independent()
    fit["posterior"]["persistence"][:] = 3.0
    found = failing(checked(fit))
    assert found["population R-hat"] == found["population bulk ESS"] == ("persistence",)


def test_a_correlation_is_checked_once_and_without_its_diagonal() -> None:
    fit = independent()
    fit["posterior"]["flare_correlation_matrix"][0, :, 1, 0] += 2
    fit["posterior"]["flare_correlation_matrix"][0, :, 0, 1] += 2
    assert failing(checked(fit))["population R-hat"] == (
        "flare_correlation_matrix[disability, pain]",
    )


def test_the_worst_people_are_named_by_id_the_worst_first() -> None:
    fit = independent()
    fit["twins"]["log_rate"][0, :, 7, 0] += 1.5
    fit["twins"]["log_rate"][0, :, 31, 1] += 4
    report = checked(fit)
    assert failing(report)["person R-hat"] == ("log_rate[p031, disability]", "log_rate[p007, pain]")
    assert "log_rate[p031, disability], log_rate[p007, pain]" in str(report)


def test_one_divergence_is_enough_and_its_chain_is_named() -> None:
    fit = independent()
    fit["sample_stats"]["diverging"][2, 100] = True
    assert failing(checked(fit)) == {"divergences": ("chain 2",)}


def test_energy_that_is_explored_by_small_steps_fails_in_its_chain() -> None:
    fit = independent()
    fit["sample_stats"]["energy"][1] = np.cumsum(fit["sample_stats"]["energy"][1])
    assert failing(checked(fit)) == {"E-BFMI": ("chain 1",)}


def test_the_error_shows_the_table_and_the_way_out() -> None:
    fit = independent()
    fit["posterior"]["persistence"][0] += 2
    with pytest.raises(ConvergenceError, match=r"persistence(.|\n)*fit\.accept_unconverged=true"):
        raise ConvergenceError(checked(fit))


def test_a_report_survives_being_stored() -> None:
    fit = independent()
    fit["posterior"]["persistence"][:] = 3.0  # its R-hat is NaN
    report = checked(fit)
    assert str(GateReport.model_validate_json(report.model_dump_json())) == str(report)
