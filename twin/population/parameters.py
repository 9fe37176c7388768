"""Populations drawn from priors, in which episode classes differ as the evidence says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from priors import LogNormal, Normal, PriorSet
from priors.elicited_population import ElicitedParameter, PopulationEvidence
from twin.cohort import Cohort
from twin.cohort.encode import encode
from twin.fit.arrays import retest_figures
from twin.fit.prior_draw import draw_truth
from twin.law.backends import NUMPY
from twin.law.grid import Floats
from twin.law.parameters import ModelSpec, covariate_scale

CLASS = "episode_class"
_MEANS = ("start_mean", "set_point_mean", "log_rate_mean")
_SDS = ("start_sd", "set_point_sd")


def draw_values(
    cohort: Cohort,
    spec: ModelSpec,
    priors: PriorSet,
    evidence: PopulationEvidence,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Draw a population: the value of every sampled parameter.

    What the evidence tells of classes takes the place of the priors: starts, set points and rates
    by class, how people differ within a class, and how starts go with set points and pain with
    disability. A setting that has more pain than published has so in all classes. Other facts
    about people act as the priors of the effects of covariates say, which favour neither
    direction; what they explain is taken from the differences between people, so that these are
    the elicited ones. Frailty is independent of starts and set points: levels act on work as it is.

    Parameters
    ----------
    cohort, spec
        The people, and what the model describes of them.
    priors
        Of everything that is not elicited by class. Test-retest figures of the instruments count
        as part of them.
    evidence
        What was elicited.
    rng
        Source of randomness.

    Returns
    -------
    dict
        Values by name, correlations as their lower Cholesky factors.
    """
    values = draw_truth(priors, spec, retest_figures(cohort), rng)
    encoded = encode(cohort.patients, cohort.regressors)
    of_class = np.array([source == CLASS for source in encoded.source])
    shares = cohort.patients[CLASS].value_counts(normalize=True)
    means = _class_means(evidence, list(shares.index), rng)
    within = _within_class(evidence, rng)

    for name in _MEANS:
        values[name] = shares.to_numpy() @ means[name]
    values["person_correlation"] = np.linalg.cholesky(_correlation(spec, evidence, rng))
    explained = (covariate_scale(NUMPY, spec, values)[~of_class] ** 2).sum(axis=0)
    residual = 1 / np.sqrt(1 + explained)  # by component of the person vector
    k = len(spec.outcomes)
    values["log_rate_sd"] = values["log_rate_sd"] * residual[0]
    values["start_sd"] = within["start_sd"] * residual[1 : 1 + k]
    values["set_point_sd"] = within["set_point_sd"] * residual[1 + k : 1 + 2 * k]
    if of_class.any():
        effect = _class_effect(cohort, encoded.names, of_class, list(shares.index), means)
        values["covariate_z"][of_class, : 1 + 2 * k] = effect / _effect_unit(spec, values)[of_class]
        values["covariate_z"][of_class, 1 + 2 * k :] = 0.0  # of frailty: nothing was found
    return values


def _class_means(
    evidence: PopulationEvidence, classes: list[str], rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw starts, set points and log rates of each class, shape (class, outcome)."""
    drawn = {}
    for name in _MEANS:
        common = rng.normal(size=len(evidence.outcomes))
        given = [_normal(evidence.classes[one][name]) for one in classes]
        drawn[name] = np.stack(
            [np.asarray(one.mean) + np.asarray(one.sd) * common for one in given]
        )
    # a person faster in one outcome is so in all: classes differ by the pace of pain
    rate = drawn["log_rate_mean"]
    rate[:, 1] = rate[:, 1].mean() + rate[:, 0] - rate[:, 0].mean()
    return drawn


def _within_class(evidence: PopulationEvidence, rng: np.random.Generator) -> Mapping[str, Floats]:
    """Draw the SDs within a class, which are common to the classes."""
    any_class = next(iter(evidence.classes.values()))
    found = {}
    for name in _SDS:
        given = any_class[name].distribution
        assert isinstance(given, LogNormal)
        found[name] = given.draw(rng, (len(evidence.outcomes),))
    return found


def _correlation(spec: ModelSpec, evidence: PopulationEvidence, rng: np.random.Generator) -> Floats:
    """Draw the correlation of starts, set points and frailty, shape (effect, effect).

    Start and set point of an outcome share a part whose weight is the root of their correlation;
    shared and unshared parts of different outcomes go together alike. That is a correlation matrix
    whatever the numbers.
    """
    k = len(spec.outcomes)
    own = np.tanh(_normal(evidence.correlations["start_set_point"]).draw(rng, (k,))).clip(0, 1)
    between = float(np.tanh(_normal(evidence.correlations["pain_disability"]).draw(rng, ())))
    alike = np.where(np.eye(k, dtype=bool), 1.0, between)
    shared = np.sqrt(np.outer(own, own)) * alike
    apart = np.sqrt(np.outer(1 - own, 1 - own)) * alike
    matrix = np.eye(len(spec.effects) - 1)
    matrix[: 2 * k, : 2 * k] = np.block([[shared + apart, shared], [shared, shared + apart]])
    return matrix


def _class_effect(
    cohort: Cohort,
    columns: tuple[str, ...],
    of_class: np.ndarray,
    classes: list[str],
    means: Mapping[str, Floats],
) -> Floats:
    """Return what each class's column does per SD, shape (class column, 1 + 2 outcomes).

    The usual class has no column; at average columns people have the mean over classes.
    """
    shown = [columns[place].removeprefix(f"{CLASS}=") for place in np.flatnonzero(of_class)]
    usual = next(name for name in classes if name not in shown)
    rows = []
    for name in shown:
        one, other = classes.index(name), classes.index(usual)
        step = [means[part][one] - means[part][other] for part in _MEANS]
        share = float((cohort.patients[CLASS] == name).mean())
        sd = np.sqrt(share * (1 - share))
        rows.append(sd * np.concatenate([step[2][:1], step[0], step[1]]))
    return np.array(rows)


def _effect_unit(spec: ModelSpec, values: Mapping[str, Floats]) -> Floats:
    """Return the effect that a standard normal of one stands for, (covariate, 1 + 2 outcomes)."""
    sd = np.concatenate([values["log_rate_sd"][None], values["start_sd"], values["set_point_sd"]])
    return np.asarray(covariate_scale(NUMPY, spec, values)[:, : len(sd)] * sd)


def _normal(one: ElicitedParameter) -> Normal:
    assert isinstance(one.distribution, Normal)
    return one.distribution
