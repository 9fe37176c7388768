"""The population behind the default synthetic cohort, and the truth of a cohort as a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, sampled_parameters
from twin.law.population import People

_CORRELATIONS = {
    # r(pain, disability) .47 to .55 at baseline, error included and nobody screened out (11.9)
    ("start[pain]", "start[disability]"): 0.65,
    # changes in pain and disability correlate .2 to .56 (11.10)
    ("set_point[pain]", "set_point[disability]"): 0.7,
    # r(baseline, 3 months) .52 and r(baseline, 12 months) .50 of RMDQ scores, which error, the
    # covariates' share of the spread and the threshold all lower (11.1)
    ("start[disability]", "set_point[disability]"): 0.75,
    ("start[pain]", "set_point[pain]"): 0.65,
    ("start[pain]", "set_point[disability]"): 0.45,
    ("start[disability]", "set_point[pain]"): 0.5,
    # whoever does worse works less (signs: 8.14, 8.15; size assumed)
    ("work_frailty", "set_point[disability]"): 0.2,
}
"""Between people; numbers in brackets here and below are rows of the collected evidence."""

_COVARIATE_EFFECTS = {
    # per SD: log_rate, start of pain and disability, set point of pain and disability,
    # work_frailty. Signs: depression and duration worsen the outlook, age a little (8.15); sizes
    # assumed, small as in 10.9 and 10.14.
    "age": (-0.014, 0.0, 0.0105, 0.007, 0.014, 0.042),
    "female": (0.0, 0.0105, 0.007, 0.0035, 0.0035, 0.042),
    "episode_weeks": (-0.112, -0.0035, 0.0, 0.021, 0.0175, 0.028),
    "depression": (-0.028, 0.014, 0.021, 0.0245, 0.028, 0.07),
}


def default_truth(spec: ModelSpec, rng: np.random.Generator) -> dict[str, Floats]:
    """Return the population values of the default cohort.

    Chosen so that a large cohort shows the figures named beside them (held by
    tests/test_synthetic.py); what no published figure fixes is assumed.

    Parameters
    ----------
    spec
        What the cohort has: outcomes pain and disability.
    rng
        Source of the clusters' deviations.
    """
    by_cluster = (len(spec.clusters), len(spec.outcomes))
    values: dict[str, object] = {
        # Of everyone screened; among those with RMDQ >= 6 (1.1), pain NRS is 5.4 (3.11: 5.0 to
        # 5.3) and RMDQ 11 (11.1: 9.0), and 1.7 are screened for each enrolled (1.9: 1.6).
        "start_mean": [0.46, 0.29],
        # NRS down by two points, between subacute and persistent pain (7.4, 7.5); RMDQ 5.5 at 3
        # and 5.4 at 12 months (11.1)
        "set_point_mean": [0.275, 0.055],
        # most of the course is over within 6 to 13 weeks (7.3, 7.4, 11.1)
        "log_rate_mean": [-1.9, -1.9],
        "log_rate_sd": 0.5,  # no published estimate (11.17)
        # SD of NRS 2.4 (3.11) and of RMDQ 4.0 at entry, 5.0 to 5.2 later (11.1), error included
        "start_sd": [0.20, 0.24],
        "set_point_sd": [0.24, 0.31],
        "person_correlation": np.linalg.cholesky(_correlation(spec)),
        # NRS 0.86 (11.7) and RMDQ 2.9 to 3.7 (9.3, 9.4) between occasions, flares included
        "spread": [0.10, 0.115],
        "persistent_share": [0.5, 0.5],
        "persistence": 3.0,  # flares of days to weeks; assumed
        "flare_correlation": np.linalg.cholesky([[1.0, 0.4], [0.4, 1.0]]),  # 11.10
        "response_time": [3.0],  # weeks; assumed
        # 0.79 RMDQ points at 3 months (1.2); for pain a third of a point, assumed
        "arm_effect": [[-0.020, -0.028]],
        "response_slope": [[-0.1, -0.1]],  # the worse off gain more; assumed
        "response_sd": [[0.04, 0.04]],  # assumed
        "response_correlation": np.linalg.cholesky([[1.0, 0.5], [0.5, 1.0]]),  # as changes: 11.10
        "lasting_share": [0.5],  # a third to two thirds lasts (3.2, 3.3, 3.26)
        "waning_half_life": [12.0],  # assumed
        "cluster_start_sd": [0.02, 0.02],
        "cluster_start_z": rng.normal(size=by_cluster),
        "cluster_set_point_sd": [0.025, 0.025],  # ICC .016 (11.12) of a total SD of 0.2
        "cluster_set_point_z": rng.normal(size=by_cluster),
        "cluster_frailty_sd": 0.1,  # assumed
        "cluster_frailty_z": rng.normal(size=by_cluster[0]),
        "cluster_response_sd": [0.01, 0.01],  # assumed: a quarter of a point of RMDQ
        "cluster_response_z": rng.normal(size=(by_cluster[0], len(spec.arms) - 1, by_cluster[1])),
        # some 15 % of workers are seen sick-listed within 6 months (8.1); the pace of each move
        # and its slopes are assumed, with the signs of 8.14 and 8.15
        "work_frailty_sd": 0.6,
        "log_intensity": [-4.9, -5.8, -4.0, -2.0, -2.5, -2.4],
        "worsening_slope": [1.0, 2.0],
        "recovery_slope": [1.0, 1.5],
        "log_exit_intensity": -7.6,  # 2.6 % of full-time sick-listed years; assumed
        "initial_logit": [-2.5, -3.5],
        "initial_slope": [1.0, 2.0],
        "arm_log_hazard": [[0.0, 0.0]],  # the app says nothing to employers; assumed
        "absence_precision": 3.0,  # about that of the process itself; see the prior
    }
    given = {name: np.asarray(value, dtype=float) for name, value in values.items()}
    given |= _covariate_values(spec, given)
    return {p.name: given[p.name] for p in sampled_parameters(spec)}


def _correlation(spec: ModelSpec) -> Floats:
    names = spec.coords["correlated_effect"]
    matrix = np.eye(len(names))
    for (one, other), value in _CORRELATIONS.items():
        if one in names and other in names:
            i, j = names.index(one), names.index(other)
            matrix[i, j] = matrix[j, i] = value
    return matrix


def _covariate_values(spec: ModelSpec, given: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the shrunken form of the effects of covariates, each covariate with an equal part."""
    n = len(spec.covariates)
    table = np.array([_COVARIATE_EFFECTS[name] for name in spec.covariates])
    sd = np.concatenate(
        [
            given["log_rate_sd"][None],
            given["start_sd"],
            given["set_point_sd"],
            given["work_frailty_sd"][None],
        ]
    )
    in_sd = (table / sd)[:, : len(spec.effects)]
    explained = (in_sd**2).sum(axis=0)
    return {
        "covariate_r2": explained / (1 + explained),
        "covariate_share": np.full(n, 1 / n),
        "covariate_z": in_sd / np.sqrt(explained / n),
    }


def truth_dataset(
    spec: ModelSpec, values: Mapping[str, Floats], people: People, patient: Sequence[str]
) -> xr.Dataset:
    """Return the parameters of a generated cohort and its people, named as in a fit.

    Parameters
    ----------
    spec
        What the cohort has.
    values
        Values of every sampled parameter, correlations as their lower Cholesky factors.
    people
        Individual parameters.
    patient
        Ids of the people, in their order.
    """
    population = {p.name: (p.dims, values[p.name]) for p in sampled_parameters(spec)}
    each, by_outcome = ("patient",), ("patient", "outcome")
    personal: dict[str, tuple[tuple[str, ...], Floats]] = {
        "log_rate": (by_outcome, people.log_rate),
        "start": (by_outcome, people.start),
        "set_point": (by_outcome, people.set_point),
        "response": (by_outcome, people.response),
    }
    if spec.has_work:
        personal["work_frailty"] = (each, people.frailty)
    used = {dim for p in sampled_parameters(spec) for dim in p.dims} | {"outcome"}
    coords = {dim: list(names) for dim, names in spec.coords.items() if dim in used}
    return xr.Dataset(population | personal, coords | {"patient": list(patient)})
