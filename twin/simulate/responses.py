"""How people respond to an arm of the cohort that they never had, in every posterior draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.law.covariates import CovariateGaps
from twin.law.grid import Floats, Ints
from twin.law.population import Population, mean_response


@dataclass(frozen=True)
class ArmResponses:
    """Distribution of responses given the start; sample comes first in every array.

    Attributes
    ----------
    mean_start
        Population's mean start, shape (sample, outcome).
    arm_effect, response_slope
        Shape (sample, arm, outcome).
    effect_modification
        Shape (sample, arm, covariate, outcome).
    cluster_response
        Shape (sample, cluster + 1, arm, outcome).
    response_scale
        Shape (sample, arm, outcome, outcome).
    gaps, missing
        Covariates of everyone, and their missing values, shape (sample, gap).
    cluster
        Index of each person's cluster, shape (person,).
    """

    mean_start: Floats
    arm_effect: Floats
    response_slope: Floats
    effect_modification: Floats
    cluster_response: Floats
    response_scale: Floats
    gaps: CovariateGaps
    missing: Floats
    cluster: Ints

    @classmethod
    def of(
        cls, every: Sequence[Population], gaps: CovariateGaps, missing: Floats, cluster: Ints
    ) -> ArmResponses:
        """Gather what all draws say of all arms."""
        k = every[0].n_outcomes
        return cls(
            mean_start=np.stack([one.mean[1 : 1 + k] for one in every]),
            arm_effect=np.stack([one.arm_effect for one in every]),
            response_slope=np.stack([one.response_slope for one in every]),
            effect_modification=np.stack([one.effect_modification for one in every]),
            cluster_response=np.stack([one.cluster_response for one in every]),
            response_scale=np.stack([one.response_scale for one in every]),
            gaps=gaps,
            missing=missing,
            cluster=cluster,
        )

    def at(self, samples: Ints) -> ArmResponses:
        """Return the same with the population's part at other samples."""
        names = ("mean_start", "arm_effect", "response_slope", "effect_modification")
        of_population = (*names, "cluster_response", "response_scale")
        return replace(self, **{name: getattr(self, name)[samples] for name in of_population})

    def draw(self, person: int, arm: int, start: Floats, noise: Floats) -> Floats:
        """Draw a person's response to an arm, severity, shape (sample, outcome).

        Parameters
        ----------
        person
            Position of the person.
        arm
            Index of the arm.
        start
            Severity, shape (sample, outcome).
        noise
            Standard normal, shape (sample, outcome).
        """
        expected = mean_response(
            self.arm_effect[:, arm],
            self.response_slope[:, arm],
            self.effect_modification[:, arm],
            self.cluster_response[:, self.cluster[person], arm],
            self._covariate(person),
            start - self.mean_start,
        )
        own = np.matmul(self.response_scale[:, arm], noise[:, :, None])[:, :, 0]
        return np.asarray(expected + own)

    def _covariate(self, person: int) -> Floats:
        """Return the person's covariates in every draw, shape (sample, covariate)."""
        padded = np.concatenate([np.zeros((len(self.missing), 1)), self.missing], axis=1)
        return np.asarray(self.gaps.observed[person] + padded[:, self.gaps.place[person]])
