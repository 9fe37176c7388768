"""The joint PyMC model: the law's likelihood with priors around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from priors import (
    Beta,
    Dirichlet,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    Prior,
    PriorSet,
)
from twin.law import residual
from twin.law.covariates import CovariateGaps, fill, gap_values
from twin.law.likelihood import Terms, log_likelihood
from twin.law.parameters import (
    ModelSpec,
    Parameter,
    assemble,
    covariate_scale,
    sampled_parameters,
    taken_up,
)
from twin.law.population import Population
from twin.law.records import Records

from .families import of_family
from .geometry import Softplus, correlation_factor, flare_stretch, partly_centred
from .level_covariance import CORRELATION, SD, covariance_of_levels
from .ops import TENSOR
from .reliability import SPREAD, START_SD, few_scores, start_sd_and_spread
from .retest import RetestFigure
from .seen_levels import MEANS, means_of_levels
from .shared_data import end_slots, latent_scores, shared


def build_model(
    spec: ModelSpec,
    records: Records,
    priors: PriorSet,
    retest: tuple[RetestFigure, ...],
    slots: int | None = None,
) -> pm.Model:
    """Build the joint model of a cohort.

    Parameters
    ----------
    spec
        What the cohort has.
    records
        The cohort as arrays.
    priors
        Prior of every parameter the spec calls for.
    retest
        Published test-retest errors that inform the residuals.
    slots
        Number of places for scores at an end of their scale, of which some may be idle; None for
        as many as there are. More are wanted where the data are to be exchanged (`reuse`).

    Returns
    -------
    pm.Model
        Its free variables are the population parameters or their coordinates, the depth of each
        score beyond the end of its scale, and the people's standardised effects. The cohort's
        arrays are its data, by the names that `shared_data.exchangeable` gives them.
    """
    with pm.Model(coords=spec.coords) as model:
        places = int(np.count_nonzero(records.scores.end)) if slots is None else slots
        data = shared(records._replace(covariate=np.nan_to_num(records.covariate)), "data")
        ends = shared(end_slots(records.scores, places), "ends")
        population = _sampled_population(spec, records, priors, data.scores.n_scores.sum())
        latent = latent_scores(data.scores.severity, ends, places, idle=slots is not None)
        covariate = _filled_covariates(data.gaps, records.gaps.n)
        z = pm.Normal("z", shape=len(records.arm))
        workers = 0 if records.work is None else len(records.work.worker)
        eps = _effect_noise(data, len(records.arm), workers, population.n_linear)
        terms = log_likelihood(TENSOR, population, data, covariate, latent, z, eps)
        _add(terms)
        _add_retest(population, retest, priors.retest_log_sd)
    return model


def _sampled_population(
    spec: ModelSpec, records: Records, priors: PriorSet, scored: Any
) -> Population:
    """Population parameters; `scored` is the number of scores as data, for a coordinate."""
    value: dict[str, Any] = {}
    log_share: Any = 0.0
    if few_scores(records.scores, len(spec.outcomes)):
        value[START_SD], value[SPREAD], log_share = start_sd_and_spread(priors)
    for parameter in sampled_parameters(spec):
        if parameter.name in MEANS or parameter.name in value:
            continue  # the means hang on all of the others
        if parameter.name == SD:
            at = (value[START_SD], value["log_rate_mean"], log_share)
            variable, value[CORRELATION] = covariance_of_levels(spec, priors, *at)
        elif parameter.standard:
            variable = _standard(parameter, spec, value, len(records.arm))
        elif parameter.taken_up:
            variable = _taken_up(parameter, priors[parameter.name], spec, value["response_time"])
        elif parameter.name == "flare_correlation":
            variable = _flare_correlation(parameter, priors, spec, scored, value)
        else:
            variable = _from_prior(parameter, priors[parameter.name], spec)
        value[parameter.name] = variable
    value |= means_of_levels(spec, priors, value, records.entry)
    return assemble(TENSOR, spec, value)


def _add(terms: Terms) -> None:
    for name in ("scores", "entry", "work_state", "days_absent"):
        term = getattr(terms, name)
        if not isinstance(term, float):
            pm.Potential(f"log_{name}", term)


def _standard(parameter: Parameter, spec: ModelSpec, value: dict[str, Any], people: int) -> Any:
    """Standard normals that effects are multiples of, in coordinates that suit what data tell.

    A study of n people tells an effect on their starts or set points to about n^-1/2 between-person
    SDs, and one on rates or work, which show less plainly, to three times that.
    """
    name, dims = parameter.name, parameter.dims
    if name == "covariate_z":
        plain = [effect not in ("log_rate", "work_frailty") for effect in spec.effects]
        told = np.where(plain, 1.0, 3.0) / math.sqrt(people)
        return partly_centred(name, dims, covariate_scale(TENSOR, spec, value), told)
    if name in ("cluster_start_z", "cluster_set_point_z"):
        what = name.removeprefix("cluster_").removesuffix("_z")
        sd = value[f"cluster_{what}_sd"] / value[f"{what}_sd"]
        return partly_centred(name, dims, sd, math.sqrt(len(spec.clusters) / people))
    return pm.Normal(name, dims=dims)


def _taken_up(parameter: Parameter, prior: Prior, spec: ModelSpec, response_time: Any) -> Any:
    """Effects of arms, with the prior on what a usual follow-up visit sees of them.

    Scores tell that, and little more of the effect and its time apart where visits are few: with
    one follow-up at 4 weeks the two lie along a hyperbola. It is also what trials publish.
    """
    seen = Parameter(f"{parameter.name}_taken_up", parameter.dims)
    share = taken_up(TENSOR, response_time, spec.usual_week)
    share = share.reshape((-1, *(1,) * (len(parameter.dims) - 1)))
    return pm.Deterministic(
        parameter.name, _from_prior(seen, prior, spec) / share, dims=parameter.dims
    )


def _flare_correlation(
    parameter: Parameter,
    priors: PriorSet,
    spec: ModelSpec,
    scored: Any,
    value: Mapping[str, Any],
) -> Any:
    """Factor of the flares' correlation, in a coordinate that moves little with their shares."""
    eta, k = of_family(priors, parameter.name, Lkj).eta, len(spec.outcomes)
    one, other = parameter.dims
    stretch = flare_stretch(value["persistent_share"], k, scored / k)
    return correlation_factor(parameter.name, (one, other), k, eta, stretch)


def _from_prior(parameter: Parameter, prior: Prior, spec: ModelSpec) -> Any:
    name, dims = parameter.name, parameter.dims
    match prior.distribution:
        case Normal(mean=mean, sd=sd):
            return pm.Normal(name, mu=np.asarray(mean), sigma=np.asarray(sd), dims=dims)
        case HalfNormal(sd=sd):
            sigma = np.asarray(sd)
            coordinate = Softplus(sigma / 2)
            return pm.HalfNormal(name, sigma=sigma, dims=dims, default_transform=coordinate)
        case HalfStudentT(df=df, scale=scale):
            return pm.HalfStudentT(name, nu=df, sigma=np.asarray(scale), dims=dims)
        case LogNormal(median=median, log_sd=log_sd):
            return pm.LogNormal(name, mu=np.log(median), sigma=np.asarray(log_sd), dims=dims)
        case Beta(a=a, b=b):
            return pm.Beta(name, alpha=np.asarray(a), beta=np.asarray(b), dims=dims)
        case Dirichlet(concentration=concentration):
            n = len(spec.coords[dims[-1]])
            return pm.Dirichlet(name, a=np.full(n, concentration), dims=dims)
        case Lkj(eta=eta):
            return correlation_factor(name, (dims[0], dims[1]), len(spec.coords[dims[0]]), eta)


def _filled_covariates(gaps: CovariateGaps, missing: int) -> Any:
    """Standardised covariates, missing ones filled from their joint normal."""
    if missing == 0:
        return gaps.observed
    noise = pm.Normal("covariate_noise", shape=missing)
    return fill(TENSOR, gaps, gap_values(TENSOR, gaps, noise))


def _effect_noise(data: Records, people: int, workers: int, n_linear: int) -> Any:
    """Noise of the linear effects: sampled for workers, whose work says more than their scores.

    Everyone else's is standard normal a posteriori, and is drawn after sampling.
    """
    noise = pt.as_tensor(np.zeros((people, n_linear)))
    if data.work is None:
        return noise
    own = pm.Normal("eps", shape=(workers, n_linear))
    return pt.set_subtensor(noise[data.work.worker], own)


def _add_retest(population: Population, figures: tuple[RetestFigure, ...], log_sd: float) -> None:
    for position, figure in enumerate(figures):
        k = figure.outcome
        implied = residual.retest_error(
            TENSOR,
            population.spread[k],
            population.persistent_share[k],
            population.persistence,
            figure.lag_weeks,
        )
        off = (pt.log(implied) - np.log(figure.sem)) / log_sd
        pm.Potential(f"retest_{position}", -0.5 * off**2)
