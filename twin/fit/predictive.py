"""Data that the model expects, before and after it has seen the cohort, beside the cohort's own.

Replicated people keep their visit weeks, missing scores and arm, so that whatever differs from the
observed statistics differs because of the model.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from priors import PriorSet
from twin.cohort import Cohort
from twin.law import enrolled
from twin.law.backends import NUMPY
from twin.law.covariates import fill, gap_values
from twin.law.grid import Ints
from twin.law.parameters import ModelSpec, assemble
from twin.law.population import People
from twin.law.records import Records

from .arrays import retest_figures
from .days_statistics import DAYS_STATISTICS
from .draws import by_draw, populations
from .prior_draw import draw_truth
from .replicates import Sample, summarise
from .visit_layout import visit_layout
from .visit_statistics import SCORE_STATISTICS
from .work_statistics import DIMS as WORK_DIMS

CENTRAL = 0.99
"""Share of replicates that an observed statistic is expected to lie among."""

_PLACES = ("arm", "visit", "outcome", "work_status", "sightings")


def prior_predictive(
    cohort: Cohort, spec: ModelSpec, records: Records, priors: PriorSet, draws: int, seed: int
) -> xr.Dataset:
    """Replicate the cohort with new people of populations drawn from the priors.

    Parameters
    ----------
    cohort, spec, records
        The cohort, and what the model is built from.
    priors
        Prior of every parameter; the cohort's test-retest figures count as part of them.
    draws
        Number of replicates.
    seed
        Seed of everything random.

    Returns
    -------
    xr.Dataset
        As for `posterior_predictive`.
    """
    layout, figures = visit_layout(cohort), retest_figures(cohort)
    rng = np.random.default_rng(seed)

    def samples() -> Iterator[Sample]:
        for _ in range(draws):
            population = assemble(NUMPY, spec, draw_truth(priors, spec, figures, rng))
            guess = gap_values(NUMPY, records.gaps, rng.standard_normal(records.gaps.n))
            covariate = fill(NUMPY, records.gaps, guess)
            people, residual = enrolled.draw_people(
                population, records.entry, covariate, records.cluster, records.arm, layout.week, rng
            )
            yield Sample(population, people, residual)

    return summarise(cohort, spec, records, layout, samples(), rng)


def posterior_predictive(
    cohort: Cohort,
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    draws: int,
    seed: int,
) -> xr.Dataset:
    """Replicate the cohort with the same people, new flares and new errors.

    Parameters
    ----------
    cohort, spec, records
        The cohort, and what the model was built from.
    posterior
        Population parameters, dims chain, draw and their own.
    twins
        Person parameters, dims chain, draw, patient and perhaps outcome.
    draws
        Number of replicates, each from a posterior draw of its own; at most as many as there are.
    seed
        Seed of everything random.

    Returns
    -------
    xr.Dataset
        Each of `SCORE_STATISTICS`, dims sample, arm, visit, outcome, with the cohort's own as
        ``observed_...``, the number of scores ``n``, with work states each of `WorkStatistics`, dim
        sample and its own, and with days absent each of `DAYS_STATISTICS`, dims sample, visit.
        Score units. Attribute ``usual_visit``: the one nearest to 13 weeks.
    """
    layout = visit_layout(cohort)
    rng = np.random.default_rng(seed)
    total = posterior.sizes["chain"] * posterior.sizes["draw"]
    picked = np.sort(rng.permutation(total)[:draws])
    chosen, persons = (_picked(data, picked) for data in (posterior, twins))
    values = {str(name): by_draw(persons, str(name))[0] for name in _person_variables(twins)}

    def samples() -> Iterator[Sample]:
        for _, s, population in populations(spec, chosen):
            people = People(
                log_rate=values["log_rate"][s],
                frailty=values["work_frailty"][s] if spec.has_work else np.zeros(cohort.n),
                start=values["start"][s],
                set_point=values["set_point"][s],
                response=values["response"][s],
            )
            residual = enrolled.draw_residuals(
                population, records.entry, people.start, layout.week, rng
            )
            yield Sample(population, people, residual)

    return summarise(cohort, spec, records, layout, samples(), rng)


def extreme(predictive: xr.Dataset) -> pd.DataFrame:
    """List the observed statistics that lie outside the central 99 % of their replicates.

    Parameters
    ----------
    predictive
        From `prior_predictive` or `posterior_predictive`.

    Returns
    -------
    pd.DataFrame
        Columns statistic, arm, visit, outcome, work_status, sightings (empty where it has none),
        observed, low and high; empty where nothing is extreme.
    """
    tail = (1 - CENTRAL) / 2
    rows: list[dict[str, object]] = []
    for name in (*SCORE_STATISTICS, *WORK_DIMS, *DAYS_STATISTICS):
        if name not in predictive:
            continue
        observed = predictive[f"observed_{name}"]
        # what cannot be observed (a correlation with itself) has no replicates either
        replicated = predictive[name].where(~np.isnan(observed), 0.0)
        low, high = (replicated.quantile(q, "sample") for q in (tail, 1 - tail))
        outside = (observed < low) | (observed > high)
        for place in np.argwhere(outside.to_numpy()):
            at = dict(zip(observed.dims, place, strict=True))
            labels = {str(dim): observed[dim].to_numpy()[i] for dim, i in at.items()}
            found = {"observed": observed, "low": low, "high": high}
            numbers = {key: float(x[at]) for key, x in found.items()}
            rows.append({"statistic": name} | dict.fromkeys(_PLACES, "") | labels | numbers)
    return pd.DataFrame(rows, columns=["statistic", *_PLACES, "observed", "low", "high"])


def _person_variables(twins: xr.Dataset) -> list[str]:
    wanted = ("log_rate", "work_frailty", "start", "set_point", "response")
    return [name for name in wanted if name in twins]


def _picked(data: xr.Dataset, picked: Ints) -> xr.Dataset:
    """Return chosen draws of all chains as the draws of a single chain."""
    chain, draw = np.divmod(picked, data.sizes["draw"])
    bare = data.drop_vars(["chain", "draw"], errors="ignore")
    at = {"chain": xr.DataArray(chain, dims="one"), "draw": xr.DataArray(draw, dims="one")}
    return bare.isel(at).rename(one="draw").expand_dims("chain")
