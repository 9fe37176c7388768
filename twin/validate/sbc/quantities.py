"""What is ranked: population parameters, averages over people, and the likelihood of the data."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.fit.draws import Draw, by_draw, draws
from twin.fit.effects import with_effects
from twin.fit.gate import one_form
from twin.fit.people import extract_people
from twin.law.backends import COMPILED, NUMPY
from twin.law.grid import Floats
from twin.law.likelihood import Terms, log_likelihood
from twin.law.parameters import ModelSpec, assemble, sampled_parameters
from twin.law.population import People
from twin.law.records import Records
from twin.validate.intervals import population_truth, scalars

LOG_LIKELIHOOD = "log_likelihood"
"""Depends on data and parameters together, and so sees a posterior that ignores its data, which
ranks of parameters alone cannot (Modrák 2023)."""

_DRAWS = ("chain", "draw")
_FAR = 1e-6  # an effect that linear algebra gives back is off by rounding only, severity


def true_quantities(spec: ModelSpec, records: Records, truth: xr.Dataset) -> dict[str, float]:
    """Return the true value of every quantity.

    Parameters
    ----------
    spec, records
        What the model is built from.
    truth
        From `synthetic_cohort`.
    """
    population = {name: float(x) for name, x in scalars(population_truth(spec, truth))}
    people = {name: float(x) for name, x in scalars(_person_means(records, truth))}
    likelihood = {LOG_LIKELIHOOD: _total(_terms(records, *true_state(spec, records, truth)))}
    return population | people | likelihood


def posterior_quantities(
    cohort: Cohort, spec: ModelSpec, records: Records, posterior: xr.Dataset, seed: int
) -> dict[str, Floats]:
    """Return every quantity for each draw, shape (chain, draw).

    Parameters
    ----------
    cohort, spec, records
        What the model is built from.
    posterior
        What was sampled, nuisances included, dims named.
    seed
        Seed of what is drawn after sampling: the effects of people without work.
    """
    drawn = draws(spec, records, posterior)
    twins = extract_people(cohort, spec, records, drawn, posterior, seed)
    people = dict(scalars(_person_means(records, twins), _DRAWS))
    likelihood = {LOG_LIKELIHOOD: _log_likelihoods(spec, records, posterior)}
    return population_quantities(spec, posterior) | people | likelihood


def population_quantities(spec: ModelSpec, posterior: xr.Dataset) -> dict[str, Floats]:
    """Return every scalar population parameter for each draw, shape (chain, draw).

    Of a correlation matrix, what is below the diagonal; clusters' and covariates' effects stand
    for the standard normals behind them.
    """
    return dict(scalars(one_form(with_effects(spec, posterior)), _DRAWS))


def _person_means(records: Records, people: xr.Dataset) -> xr.Dataset:
    """Means over people; of responses, over those in an arm that has any."""
    names = [name for name in ("log_rate", "start", "set_point", "work_frailty") if name in people]
    means = people[names].mean("patient")
    active = np.flatnonzero(records.arm != 0)
    if len(active):
        means["response"] = people["response"].isel(patient=active).mean("patient")
    return means.rename({name: f"mean_{name}_of_people" for name in means})


def _log_likelihoods(spec: ModelSpec, records: Records, posterior: xr.Dataset) -> Floats:
    sampled = by_draw(posterior, "eps") if records.work is not None else None
    found = np.empty((posterior.sizes["chain"], posterior.sizes["draw"]))
    eps = np.zeros((len(records.arm), _n_linear(spec)))
    for one in draws(spec, records, posterior):
        at = (one.chain, one.draw)
        if records.work is not None and sampled is not None:
            eps[records.work.worker] = sampled[at]
        found[at] = _total(_terms(records, one, eps))
    return found


def true_state(spec: ModelSpec, records: Records, truth: xr.Dataset) -> tuple[Draw, Floats]:
    """Put a truth in the coordinates that the sampler moves in.

    Returns
    -------
    draw, eps
        The truth as a draw, and the standardised noise of the people's linear effects, shape
        (person, effect).
    """
    values = {p.name: truth[p.name].to_numpy() for p in sampled_parameters(spec)}
    population, latent = assemble(NUMPY, spec, values), _true_latent(records, truth)
    people = len(records.arm)
    covariate, workers = records.gaps.observed, np.empty((0, 0))
    at = Draw(0, 0, population, covariate, latent, np.zeros(people), workers)
    idle = np.zeros((people, _n_linear(spec)))
    # log rates are linear in z
    log_rate, above = (
        _terms(records, at._replace(z=z), idle).people.log_rate
        for z in (np.zeros(people), np.ones(people))
    )
    own = (truth["log_rate"].to_numpy() - log_rate) / (above - log_rate)
    at = at._replace(z=own[:, 0])  # the same of every outcome
    return at, _effect_noise(records, at, _true_effects(spec, truth))


def _true_latent(records: Records, truth: xr.Dataset) -> Floats:
    """Continuous severity behind each score: generated where the likelihood asks for it."""
    scores = records.scores
    weeks, generated = truth["week"].to_numpy(), truth["latent"].to_numpy()
    latent = scores.severity.copy()
    for person, place in np.argwhere(scores.end != 0):
        visit = int(np.flatnonzero(weeks[person] == scores.week[person, place])[0])
        latent[person, place] = generated[person, visit, scores.outcome[person, place]]
    return latent


def _effect_noise(records: Records, at: Draw, effects: Floats) -> Floats:
    """The standardised noise that gives people these linear effects.

    Effects are linear in it for each person: columns are what a unit of it changes.
    """
    people, n = effects.shape
    base = _linear(_terms(records, at, np.zeros((people, n))).people, n)
    unit = np.eye(n)
    columns = [
        _linear(_terms(records, at, np.tile(unit[j], (people, 1))).people, n) - base
        for j in range(n)
    ]
    change = np.stack(columns, axis=-1)
    # whoever is in the reference arm has no response: a least squares solution of least size
    noise = np.asarray(np.linalg.pinv(change) @ (effects - base)[:, :, None])[:, :, 0]
    off = np.abs((change @ noise[:, :, None])[:, :, 0] + base - effects).max()
    if off > _FAR:
        raise AssertionError(f"the law cannot give people their true effects: off by {off:.2g}")
    return noise


def _terms(records: Records, at: Draw, eps: Floats) -> Terms:
    return log_likelihood(COMPILED, at.population, records, at.covariate, at.latent, at.z, eps)


def _total(terms: Terms) -> float:
    parts = (terms.scores, terms.entry, terms.work_state, terms.days_absent)
    return float(sum(np.sum(part) for part in parts))


def _linear(people: People, n: int) -> Floats:
    """Linear effects of people in the order of the law, shape (person, effect)."""
    parts = [people.start, people.set_point, people.response, people.frailty[:, None]]
    return np.concatenate(parts, axis=1)[:, :n]


def _true_effects(spec: ModelSpec, truth: xr.Dataset) -> Floats:
    frailty = truth["work_frailty"].to_numpy() if spec.has_work else np.zeros(0)
    rest = (truth[name].to_numpy() for name in ("start", "set_point", "response"))
    people = People(truth["log_rate"].to_numpy(), frailty, *rest)
    if not spec.has_work:
        people = people._replace(frailty=0 * people.start[:, 0])
    return _linear(people, _n_linear(spec))


def _n_linear(spec: ModelSpec) -> int:
    return 3 * len(spec.outcomes) + spec.has_work
