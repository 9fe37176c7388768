"""People read from a posterior: every person's parameters and present state, for every draw."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.keyed import keyed_normals
from twin.law import residual
from twin.law.backends import COMPILED
from twin.law.forward import levels
from twin.law.grid import Floats, Ints
from twin.law.likelihood import log_likelihood
from twin.law.parameters import ModelSpec
from twin.law.population import People, Population
from twin.law.records import Records

from .draws import Draw
from .score_records import patient_rows

_MEANINGS = {
    "log_rate": ("log of the rate of approach to the target", "log per week"),
    "work_frailty": ("personal shift of the log-intensities of work", "log"),
    "start": ("level at baseline", "severity"),
    "set_point": ("level tended to without intervention", "severity"),
    "response": ("shift of the level by full dose of the person's own arm, taken up", "severity"),
    "level_now": ("level at the last visit", "severity"),
    "flare_now": ("flare at the last visit, given the scores", "severity"),
    "week_now": ("last visit, since baseline", "week"),
    "work_state_now": ("work status last seen; empty where none was", ""),
}


def extract_people(
    cohort: Cohort,
    spec: ModelSpec,
    records: Records,
    drawn: Iterable[Draw],
    posterior: xr.Dataset,
    seed: int,
) -> xr.Dataset:
    """Read every person's parameters, and where each person stands now, from a posterior.

    Population and people stay paired: entry (chain, draw) of a person belongs to the same entry of
    the population. What the sampler left out because nothing but the scores speaks of it is drawn
    here, from each person's own stream of random numbers.

    Parameters
    ----------
    cohort, spec, records
        What the model was built from; records hold the people in the cohort's order.
    drawn
        Everyone's state for every draw.
    posterior
        Its chains and draws.
    seed
        Seed of the run.

    Returns
    -------
    xr.Dataset
        Dims chain, draw, patient, outcome; variables ``log_rate``, ``work_frailty`` (where there
        is work), ``start``, ``set_point``, ``response``, ``level_now``, ``flare_now``, and for each
        patient ``week_now`` and ``work_state_now``; where covariates are missing
        ``missing_covariate`` (standardised), dims chain, draw, gap, with ``gap_patient`` and
        ``gap_covariate``. Severities are fractions of the scale.
    """
    patients = [str(patient) for patient in cohort.patients.index]
    k = len(spec.outcomes)
    n_draws = (posterior.sizes["chain"], posterior.sizes["draw"])
    n_linear = 3 * k + spec.has_work
    eps = keyed_normals(seed, "effects", patients, (*n_draws, n_linear))
    worker = np.empty(0, dtype=np.int64) if records.work is None else records.work.worker
    gap = np.nonzero(records.gaps.place)
    missing = np.empty((*n_draws, records.gaps.n))
    flare_noise = keyed_normals(seed, "flare", patients, (*n_draws, k))
    week_now = last_weeks(cohort, records)

    each, both = (*n_draws, len(patients)), (*n_draws, len(patients), k)
    found = {
        "work_frailty": np.empty(each),
        **{
            name: np.empty(both)
            for name in ("log_rate", "start", "set_point", "response", "level_now", "flare_now")
        },
    }
    for one in drawn:
        at = (one.chain, one.draw)
        if len(worker):
            eps[worker, *at] = one.eps
        missing[at] = one.covariate[gap]
        terms = log_likelihood(
            COMPILED, one.population, records, one.covariate, one.latent, one.z, eps[:, *at]
        )
        persons = terms.people
        now = _levels(persons, one.population, records, week_now[:, None])[:, 0]
        found["log_rate"][at] = persons.log_rate
        found["work_frailty"][at] = persons.frailty
        found["start"][at] = persons.start
        found["set_point"][at] = persons.set_point
        found["response"][at] = persons.response
        found["level_now"][at] = now
        found["flare_now"][at] = _present_flare(
            one, persons, records, week_now, flare_noise[:, *at]
        )
    labelled = labelled_people(cohort, spec, posterior, found, week_now)
    return with_missing(labelled, spec, missing, gap)


def with_missing(
    people: xr.Dataset, spec: ModelSpec, missing: Floats, gap: tuple[Ints, ...]
) -> xr.Dataset:
    """Return people with their missing covariates, where there are any.

    Parameters
    ----------
    people
        From `labelled_people`.
    spec
        What the model describes.
    missing
        Standardised, shape (chain, draw, gap).
    gap
        Person and covariate of each, by position.
    """
    person, covariate = gap
    if not len(person):
        return people
    named = np.array(spec.covariates, dtype=object)[covariate]
    meaning = {"long_name": "missing covariate, filled", "units": "SD of the covariate"}
    return people.assign(
        missing_covariate=(("chain", "draw", "gap"), missing, meaning),
        gap_patient=("gap", people["patient"].to_numpy()[person]),
        gap_covariate=("gap", named),
    )


def last_weeks(cohort: Cohort, records: Records) -> Floats:
    """Return the week of each person's last visit, shape (person,)."""
    last = cohort.visits.groupby("patient")["week"].max().reindex(cohort.patients.index)
    # a person whose only visits were dropped as empty stands at baseline
    return np.asarray(np.minimum(last.fillna(0.0), records.grid.horizon), dtype=float)


def _levels(persons: People, population: Population, records: Records, week: Floats) -> Floats:
    return levels(population, persons, records.grid, records.dose, records.arm, week)


def _present_flare(
    one: Draw, persons: People, records: Records, week_now: Floats, noise: Floats
) -> Floats:
    """Draw each person's flare at the last visit given the scores, shape (person, outcome).

    Flares and scores are jointly normal given the person's level, so the draw is exact.
    """
    scores, population = records.scores, one.population
    observed = np.arange(scores.week.shape[1]) < scores.n_scores[:, None]
    course = _levels(persons, population, records, scores.week)
    level = np.take_along_axis(course, scores.outcome[:, :, None], axis=2)[:, :, 0]
    off = np.where(observed, one.latent - level, 0.0)

    shares = (population.spread, population.persistent_share)
    flare = residual.flare_covariance(COMPILED, *shares, population.flare_correlation)
    error = residual.error_sd(COMPILED, *shares) ** 2
    apart = np.abs(scores.week[:, :, None] - scores.week[:, None, :])
    kept = residual.autocorrelation(COMPILED, population.persistence, apart)
    pair = observed[:, :, None] & observed[:, None, :]
    among = np.where(
        pair, kept * flare[scores.outcome[:, :, None], scores.outcome[:, None, :]], 0.0
    )
    # padding has variance 1 and no covariance: it says nothing
    own = np.where(observed, error[scores.outcome] + scores.rounding_variance, 1.0)
    covariance = among + np.eye(scores.week.shape[1]) * own[:, :, None]

    since = residual.autocorrelation(
        COMPILED, population.persistence, np.abs(week_now[:, None] - scores.week)
    )
    shared = np.where(observed, since, 0.0)[:, :, None] * flare[scores.outcome]
    gain = np.linalg.solve(covariance, shared)
    mean = (gain * off[:, :, None]).sum(axis=1)
    rest = flare - np.swapaxes(gain, 1, 2) @ shared
    return np.asarray(mean + (np.linalg.cholesky(rest) @ noise[:, :, None])[:, :, 0])


def labelled_people(
    cohort: Cohort,
    spec: ModelSpec,
    posterior: xr.Dataset,
    found: dict[str, Floats],
    week_now: Floats,
) -> xr.Dataset:
    """Return people's parameters as `extract_people` does, given them as arrays by name."""
    dims = ("chain", "draw", "patient", "outcome")
    if not spec.has_work:
        del found["work_frailty"]
    seen = cohort.visits["work_status"].notna().to_numpy()
    states = np.full(cohort.n, "", dtype=object)
    # visits stand in order of week: what was seen last is written last
    states[patient_rows(cohort)[seen]] = cohort.visits["work_status"][seen]
    data = xr.Dataset(
        {
            **{name: (dims[: values.ndim], values) for name, values in found.items()},
            "week_now": ("patient", week_now),
            "work_state_now": ("patient", states),
        },
        coords={
            "chain": posterior["chain"].to_numpy(),
            "draw": posterior["draw"].to_numpy(),
            "patient": cohort.patients.index.to_numpy(dtype=object),
            "outcome": np.asarray(spec.outcomes, dtype=object),
        },
    )
    for name, (meaning, unit) in _MEANINGS.items():
        if name in data:
            data[name].attrs.update(long_name=meaning, units=unit)
    return data
