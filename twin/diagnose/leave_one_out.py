"""How well each person's data are foretold by everyone else's: one person left out at a time.

Pareto-smoothed importance sampling (Vehtari, Gelman and Gabry 2017, Stat Comput 27:1413-1432;
Vehtari et al 2024, JMLR 25(72)) by the marginal likelihood of a person's data, all of them. Given
the person's own sampled effects the weights would be useless: these are learnt from the very data
that are left out.
"""

from __future__ import annotations

import warnings

import arviz as az
import numpy as np
import xarray as xr
from scipy.special import logsumexp

from twin.fit.draws import missing_covariates, populations
from twin.fit.marginal import PILOT_DRAWS, coordinates, log_marginal, person_proposal
from twin.fit.points import sobol_points
from twin.law.backends import NUMPY
from twin.law.covariates import fill
from twin.law.parameters import ModelSpec
from twin.law.records import Records
from twin.update.choose import LARGEST_K

from .pareto import smoothed


def person_log_likelihood(
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    patients: list[str],
    points: int,
    seed: int,
) -> xr.DataArray:
    """Return the marginal log-likelihood of each person at every draw of a posterior.

    A missing covariate has its value in each draw; it counts as one more parameter, whose prior
    stays when the person is left out.

    Parameters
    ----------
    spec, records
        What the model was built from.
    posterior, twins
        Population parameters and missing covariates, dims chain, draw and their own: thinned, as
        the time that this takes goes with its draws.
    patients
        Ids of the people.
    points
        Points of the integral over each person, a power of two.
    seed
        Seed of the points.

    Returns
    -------
    xr.DataArray
        ``log_likelihood``, dims chain, draw, patient.
    """
    missing = missing_covariates(records.gaps, twins)
    every = [
        (c, d, population, fill(NUMPY, records.gaps, missing[c, d]))
        for c, d, population in populations(spec, posterior)
    ]
    n_linear = every[0][2].n_linear
    _, ends = coordinates(records, n_linear)
    chosen = sobol_points(points, 1 + n_linear, ends, seed)
    some = every[:: max(1, len(every) // PILOT_DRAWS)]
    pilot = [(population, covariate) for _, _, population, covariate in some]
    proposal = person_proposal(pilot, records, n_linear, seed)
    found = np.empty((posterior.sizes["chain"], posterior.sizes["draw"], len(patients)))
    for c, d, population, covariate in every:
        found[c, d] = log_marginal(population, records, covariate, chosen, proposal)
    return xr.DataArray(
        found,
        dims=("chain", "draw", "patient"),
        coords={
            "chain": posterior["chain"].to_numpy(),
            "draw": posterior["draw"].to_numpy(),
            "patient": np.asarray(patients, dtype=object),
        },
        name="log_likelihood",
        attrs={
            "long_name": "log-likelihood of a person's data, everything personal integrated out",
            "points": points,
        },
    )


def leave_one_out(log_likelihood: xr.DataArray) -> xr.Dataset:
    """Leave each person out in turn.

    Parameters
    ----------
    log_likelihood
        From `person_log_likelihood`.

    Returns
    -------
    xr.Dataset
        By patient: ``elpd``, log density of the person's data given everyone else's; ``p_loo``, by
        how much that falls short of the log density given everyone; ``pareto_k``. Attributes:
        ``elpd_loo``, its standard error ``se``, ``p_loo``, ``largest_k`` that is allowed, and how
        many people exceed it, ``n_high_k``. The limit is `LARGEST_K` from 2,200 draws on, and
        1 - 1 / log10(draws) for fewer. NaN for a person of whom nothing was recorded.
    """
    draws = log_likelihood.sizes["chain"] * log_likelihood.sizes["draw"]
    everyone = log_likelihood["patient"]
    # leaving out somebody of whom nothing was recorded changes nothing: there are no weights
    across = ("chain", "draw")
    silent = log_likelihood.max(across) == log_likelihood.min(across)
    log_likelihood = log_likelihood.sel(patient=~silent)
    tree = xr.DataTree.from_dict({"log_likelihood": log_likelihood.to_dataset(name="person")})
    relative_size = _relative_size(log_likelihood)
    each = [smoothed(-own, relative_size) for own in log_likelihood.transpose("patient", ...)]
    weights = xr.concat([weight for weight, _ in each], dim="patient")
    k = log_likelihood["patient"].copy(data=[own for _, own in each])
    with warnings.catch_warnings():
        # what it warns of is in what it returns, person by person
        warnings.filterwarnings("ignore", category=UserWarning, module=r"arviz_stats\..*")
        found = az.loo(tree, pointwise=True, reff=relative_size, log_weights=weights, pareto_k=k)
    by_person = log_likelihood.transpose("patient", "chain", "draw").to_numpy()
    whole = logsumexp(by_person.reshape(-1, draws), axis=1) - np.log(draws)
    limit = min(1 - 1 / float(np.log10(draws)), LARGEST_K)
    people = xr.Dataset(
        {
            "elpd": found.elpd_i.drop_attrs(),
            "p_loo": ("patient", whole - found.elpd_i.to_numpy()),
            "pareto_k": found.pareto_k.drop_attrs(),
        }
    )
    meanings = {
        "elpd": "log density of all data of the person given everyone else's",
        "p_loo": "log density given everyone less that given everyone else",
        "pareto_k": "Pareto k of the importance weights",
    }
    for name, meaning in meanings.items():
        people[name].attrs = {"long_name": meaning}
    return people.reindex(patient=everyone).assign_attrs(
        elpd_loo=float(found.elpd),
        se=float(found.se),
        p_loo=float(found.p),
        largest_k=limit,
        n_high_k=int((people["pareto_k"] > limit).sum()),
        draws=draws,
        points=log_likelihood.attrs["points"],
    )


def _relative_size(log_likelihood: xr.DataArray) -> float:
    """Effective draws per draw, by the median over people."""
    off = log_likelihood - log_likelihood.max(("chain", "draw"))
    likelihood = off.copy(data=np.exp(off.to_numpy()))
    found = az.ess(likelihood.to_dataset(name="person"), relative=True)["person"]
    return float(min(1.0, np.median(found)))
