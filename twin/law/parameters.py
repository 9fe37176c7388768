"""The table of population parameters: what each is called, its dims, and what it is built into.

The same table makes the fit's random variables, draws a population from its priors, and lists what
calibration checks; the same assembly turns their values, symbolic or not, into a `Population`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .ops import Array, ArrayOps
from .population import Population, effect_names
from .shrinkage import Shrinkage, horseshoe, r2d2
from .work import TRANSITIONS, WORK_MOVES, WORK_STATES, WorkLaw


@dataclass(frozen=True)
class ModelSpec:
    """What a cohort gives the model to describe; each tuple is the coordinate of a dim."""

    outcomes: tuple[str, ...]
    arms: tuple[str, ...]
    """The reference arm first."""
    clusters: tuple[str, ...]
    covariates: tuple[str, ...]
    has_work: bool
    """Whether anything is known of anybody's work: states, days absent, or both."""
    has_days: bool = False
    """Whether anybody reported days absent."""
    usual_week: float = 13.0
    """Median week of a follow-up visit: where the prior of an arm's effect is stated."""
    modifiers: tuple[str, ...] = ()
    """Those of the covariates that modify the effects of arms."""
    shrinkage: Shrinkage = "r2d2"
    """How effects of covariates are shrunk."""

    @property
    def effects(self) -> tuple[str, ...]:
        """Names of the components of the person vector."""
        return effect_names(self.outcomes, self.has_work)

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Coordinate of every dim a population parameter can have."""
        return {
            "outcome": self.outcomes,
            "outcome_other": self.outcomes,
            "active_arm": self.arms[1:],
            "cluster": self.clusters,
            "covariate": self.covariates,
            "modifier": self.modifiers,
            "person_effect": self.effects,
            "correlated_effect": self.effects[1:],
            "correlated_effect_other": self.effects[1:],
            "transition": tuple(f"{a}>{b}" for a, b in TRANSITIONS),
            "initial_state": WORK_STATES[1:3],
            "work_move": WORK_MOVES,
        }


@dataclass(frozen=True)
class Parameter:
    """One population parameter as it is sampled.

    Attributes
    ----------
    name
        Name in the posterior, and of its prior unless it is `standard`.
    dims
        Names of its dims.
    standard
        True for a standard normal that is scaled by another parameter: it has no prior of its own.
    """

    name: str
    dims: tuple[str, ...] = ()
    standard: bool = False

    @property
    def taken_up(self) -> bool:
        """Whether its prior is on what the usual follow-up visit sees of it; see `taken_up`."""
        return self.name in ("arm_effect", "effect_modification")

    @property
    def is_correlation(self) -> bool:
        """Whether it is the lower Cholesky factor of a correlation matrix."""
        return self.name.endswith("_correlation")


def taken_up(xp: ArrayOps, response_time: Array, week: float) -> Array:
    """Share of a response to each arm that is taken up after some weeks at full dose, (arm,)."""
    return 1 - xp.exp(-week / response_time)


def sampled_parameters(spec: ModelSpec) -> tuple[Parameter, ...]:
    """The parameters that a model of this cohort samples, in order."""
    table = [
        Parameter("start_mean", ("outcome",)),
        Parameter("set_point_mean", ("outcome",)),
        Parameter("log_rate_mean", ("outcome",)),
        Parameter("log_rate_sd"),
        Parameter("start_sd", ("outcome",)),
        Parameter("set_point_sd", ("outcome",)),
        Parameter("person_correlation", ("correlated_effect", "correlated_effect_other")),
        Parameter("spread", ("outcome",)),
        Parameter("persistent_share", ("outcome",)),
        Parameter("persistence"),
    ]
    if len(spec.outcomes) > 1:
        table.append(Parameter("flare_correlation", ("outcome", "outcome_other")))
    if len(spec.arms) > 1:
        table += [
            Parameter("response_time", ("active_arm",)),
            Parameter("arm_effect", ("active_arm", "outcome")),
            Parameter("response_slope", ("active_arm", "outcome")),
            Parameter("response_sd", ("active_arm", "outcome")),
            Parameter("lasting_share", ("active_arm",)),
            Parameter("waning_half_life", ("active_arm",)),
        ]
    if len(spec.arms) > 1 and len(spec.outcomes) > 1:
        table.append(Parameter("response_correlation", ("outcome", "outcome_other")))
    if len(spec.arms) > 1 and spec.modifiers:
        table.append(Parameter("effect_modification", ("active_arm", "modifier", "outcome")))
    if spec.clusters:
        table += _cluster_parameters(spec)
    if spec.covariates:
        table += _covariate_parameters(spec)
    if spec.has_work:
        table += [
            Parameter("work_frailty_sd"),
            Parameter("log_intensity", ("transition",)),
            Parameter("worsening_slope", ("outcome",)),
            Parameter("recovery_slope", ("outcome",)),
            Parameter("log_exit_intensity"),
            Parameter("initial_logit", ("initial_state",)),
            Parameter("initial_slope", ("outcome",)),
        ]
    if spec.has_work and len(spec.arms) > 1:
        table.append(Parameter("arm_log_hazard", ("active_arm", "work_move")))
    if spec.has_days:
        table.append(Parameter("absence_precision"))
    return tuple(table)


def _cluster_parameters(spec: ModelSpec) -> list[Parameter]:
    table = [
        Parameter("cluster_start_sd", ("outcome",)),
        Parameter("cluster_start_z", ("cluster", "outcome"), standard=True),
        Parameter("cluster_set_point_sd", ("outcome",)),
        Parameter("cluster_set_point_z", ("cluster", "outcome"), standard=True),
    ]
    if spec.has_work:
        table += [
            Parameter("cluster_frailty_sd"),
            Parameter("cluster_frailty_z", ("cluster",), standard=True),
        ]
    if len(spec.arms) > 1:
        table += [
            Parameter("cluster_response_sd", ("outcome",)),
            Parameter("cluster_response_z", ("cluster", "active_arm", "outcome"), standard=True),
        ]
    return table


def _covariate_parameters(spec: ModelSpec) -> list[Parameter]:
    if spec.shrinkage == "r2d2":
        table = [Parameter("covariate_r2", ("person_effect",))]
        if len(spec.covariates) > 1:
            table.append(Parameter("covariate_share", ("covariate",)))
    else:
        table = [
            Parameter("covariate_global", ("person_effect",)),
            Parameter("covariate_local", ("covariate", "person_effect")),
            Parameter("covariate_slab"),
        ]
    return [*table, Parameter("covariate_z", ("covariate", "person_effect"), standard=True)]


def assemble(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Population:
    """Build the population from the values of its sampled parameters.

    Parameters
    ----------
    xp
        Array operations.
    spec
        What the cohort has.
    value
        Value of every parameter of `sampled_parameters`, correlations as their lower Cholesky
        factors.
    """
    k, n_arms = len(spec.outcomes), len(spec.arms)
    one = np.ones(1)
    sd = [value["start_sd"], value["set_point_sd"]]
    rate_sd = one * value["log_rate_sd"]
    mean = [0 * one, value["start_mean"], value["set_point_mean"]]
    if spec.has_work:
        sd.append(one * value["work_frailty_sd"])
        mean.append(0 * one)
    none = np.zeros((1, k))
    if n_arms > 1:
        arm_effect = xp.concatenate([none, value["arm_effect"]])
        slope = xp.concatenate([none, value["response_slope"]])
        response_rate = 1 / xp.concatenate([one, value["response_time"]])
        lasting = xp.concatenate([one, value["lasting_share"]])
        half_life = xp.concatenate([one, value["waning_half_life"]])
        spread = xp.concatenate([none, value["response_sd"]])
        factor = value["response_correlation"] if k > 1 else np.ones((1, 1))
        response_scale = spread[:, :, None] * factor
    else:
        arm_effect = slope = xp.asarray(none)
        response_scale = np.zeros((1, k, k))
        response_rate = lasting = half_life = one
    return Population(
        log_rate_mean=value["log_rate_mean"],
        mean=xp.concatenate(mean),
        scale=_scale(xp, rate_sd, xp.concatenate(sd), value["person_correlation"]),
        covariate_effect=_covariate_effect(xp, spec, xp.concatenate([rate_sd, *sd]), value),
        cluster_effect=_cluster_effect(xp, spec, value),
        arm_effect=arm_effect,
        effect_modification=_effect_modification(xp, spec, value),
        cluster_response=_cluster_response(xp, spec, value),
        response_slope=slope,
        response_scale=response_scale,
        response_rate=response_rate,
        lasting_share=lasting,
        waning_half_life=half_life,
        spread=value["spread"],
        persistent_share=value["persistent_share"],
        persistence=value["persistence"],
        flare_correlation=_flare_correlation(xp, spec, value),
        work=_work_law(xp, spec, value) if spec.has_work else None,
        n_outcomes=k,
    )


def _work_law(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> WorkLaw:
    hazard = np.zeros((1, len(WORK_MOVES)))
    if len(spec.arms) > 1:
        hazard = xp.concatenate([hazard, value["arm_log_hazard"]])
    precision = value["absence_precision"] if spec.has_days else np.ones(())
    built = {"arm_log_hazard": hazard, "absence_precision": precision}
    return WorkLaw(**{name: built.get(name, value.get(name)) for name in WorkLaw._fields})


def covariate_scale(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Array:
    """SDs of the effects of covariates before the data, in between-person SDs.

    Shape (covariate, effect); arguments as for `assemble`.
    """
    if spec.shrinkage == "r2d2":
        share = value["covariate_share"] if len(spec.covariates) > 1 else np.ones(1)
        return r2d2(xp, value["covariate_r2"], share)
    return horseshoe(
        xp, value["covariate_global"], value["covariate_local"], value["covariate_slab"]
    )


def _scale(xp: ArrayOps, rate_sd: Array, sd: Array, factor: Array) -> Array:
    """Factor of the covariance of a person's effects; the rate stands apart from the others."""
    none = 0 * sd[:, None]
    rate = xp.concatenate([rate_sd[:, None], none.T], axis=1)
    return xp.concatenate([rate, xp.concatenate([none, sd[:, None] * factor], axis=1)])


def _covariate_effect(
    xp: ArrayOps, spec: ModelSpec, sd: Array, value: Mapping[str, Array]
) -> Array:
    if not spec.covariates:
        return np.zeros((0, len(spec.effects)))
    return value["covariate_z"] * covariate_scale(xp, spec, value) * sd


def _cluster_effect(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Array:
    unknown = np.zeros((1, len(spec.effects)))
    if not spec.clusters:
        return xp.asarray(unknown)
    parts = [
        np.zeros((len(spec.clusters), 1)),  # of the rate: nobody has published any, and few tell it
        value["cluster_start_z"] * value["cluster_start_sd"],
        value["cluster_set_point_z"] * value["cluster_set_point_sd"],
    ]
    if spec.has_work:
        parts.append((value["cluster_frailty_z"] * value["cluster_frailty_sd"])[:, None])
    return xp.concatenate([xp.concatenate(parts, axis=1), unknown])


def _cluster_response(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Array:
    n_clusters, n_arms, k = len(spec.clusters), len(spec.arms), len(spec.outcomes)
    if n_clusters == 0 or n_arms == 1:
        return xp.asarray(np.zeros((n_clusters + 1, n_arms, k)))
    own = value["cluster_response_z"] * value["cluster_response_sd"]
    with_reference = xp.concatenate([np.zeros((n_clusters, 1, k)), own], axis=1)
    return xp.concatenate([with_reference, np.zeros((1, n_arms, k))])


def _effect_modification(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Array:
    n_arms, n_covariates, k = len(spec.arms), len(spec.covariates), len(spec.outcomes)
    if n_arms == 1 or not spec.modifiers:
        return xp.asarray(np.zeros((n_arms, n_covariates, k)))
    chosen = [[float(one == other) for other in spec.modifiers] for one in spec.covariates]
    own = xp.matmul(np.array(chosen), value["effect_modification"])
    return xp.concatenate([np.zeros((1, n_covariates, k)), own])


def _flare_correlation(xp: ArrayOps, spec: ModelSpec, value: Mapping[str, Array]) -> Array:
    if len(spec.outcomes) == 1:
        return np.ones((1, 1))
    factor = value["flare_correlation"]
    return xp.matmul(factor, factor.T)
