"""A prior: a distribution on one of the model's parameters, its meaning, what it rests on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    field_validator,
    model_validator,
)
from scipy import special

from .near import nearest
from .units import UNITS

type Shape = tuple[int, ...]
type Values = Annotated[float | tuple[float, ...], Field(description="one value, or one per entry")]
type Scales = Annotated[
    PositiveFloat | tuple[PositiveFloat, ...], Field(description="one value, or one per entry")
]


class _Distribution(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def __str__(self) -> str:
        given = self.model_dump(exclude={"family"})
        arguments = ", ".join(f"{name} {_shown(value)}" for name, value in given.items())
        return f"{self.model_dump()['family']}({arguments})"

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        raise NotImplementedError

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value, by the parameter's own unit; its last axes are the entries."""
        raise NotImplementedError


def _shown(value: float | tuple[float, ...]) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:.3g}"


class Normal(_Distribution):
    """Normal with a mean and an SD in the parameter's unit."""

    family: Literal["normal"] = "normal"
    mean: Values
    sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(rng.normal(self.mean, self.sd, shape))

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value."""
        return _log_normal_density(value, np.asarray(self.mean), np.asarray(self.sd))


class NormalMixture(_Distribution):
    """Mixture of normals: what rivals say of a number, each with the weight it is believed with.

    A number that comes from elsewhere is robust as a mixture: what was published, and a wide
    component that takes over where data contradict it (Schmidli 2014 Biometrics 70:1023-32).
    """

    family: Literal["normal_mixture"] = "normal_mixture"
    weights: tuple[PositiveFloat, ...]
    means: tuple[float, ...]
    sds: tuple[PositiveFloat, ...]

    @model_validator(mode="after")
    def _components_are_whole(self) -> Self:
        if not len(self.weights) == len(self.means) == len(self.sds):
            raise ValueError("must have as many weights as means and sds, one per component")
        if not math.isclose(sum(self.weights), 1, abs_tol=1e-6):
            raise ValueError(f"has weights that add up to {sum(self.weights):g}, not 1")
        return self

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        weights = np.asarray(self.weights)
        component = rng.choice(len(weights), size=shape, p=weights / weights.sum())
        return np.asarray(
            rng.normal(np.asarray(self.means)[component], np.asarray(self.sds)[component])
        )

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value."""
        each = _log_normal_density(value[..., None], np.asarray(self.means), np.asarray(self.sds))
        return np.asarray(special.logsumexp(each, b=np.asarray(self.weights), axis=-1))


class HalfNormal(_Distribution):
    """Normal with mean zero, folded at zero; `sd` is that of the unfolded normal."""

    family: Literal["half_normal"] = "half_normal"
    sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.abs(rng.normal(0.0, self.sd, shape))

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value, which is not negative."""
        return math.log(2) + _log_normal_density(value, np.zeros(()), np.asarray(self.sd))


class LogNormal(_Distribution):
    """Log-normal with a median in the parameter's unit and an SD on the log scale."""

    family: Literal["log_normal"] = "log_normal"
    median: Scales
    log_sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(self.median * np.exp(rng.normal(0.0, self.log_sd, shape)))

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value, which is positive."""
        log = np.log(value)
        return _log_normal_density(log, np.log(self.median), np.asarray(self.log_sd)) - log


class Beta(_Distribution):
    """Beta on (0, 1)."""

    family: Literal["beta"] = "beta"
    a: Scales
    b: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(rng.beta(self.a, self.b, shape))

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value, which lies between 0 and 1."""
        a, b = np.asarray(self.a), np.asarray(self.b)
        inside = special.xlog1py(b - 1, -value) + special.xlogy(a - 1, value)
        return np.asarray(inside - special.betaln(a, b))


class Lkj(_Distribution):
    """LKJ on correlation matrices: 1 is uniform, larger draws toward no correlation."""

    family: Literal["lkj"] = "lkj"
    eta: PositiveFloat

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw the lower Cholesky factor of a correlation matrix of shape (n, n).

        The onion method: the squared length of each row's part below the diagonal is beta, its
        direction uniform (Lewandowski, Kurowicka and Joe 2009, J Multivar Anal 100:1989-2001).
        """
        n = shape[0]
        factor = np.eye(n)
        b = self.eta + (n - 2) / 2
        for row in range(1, n):
            squared = rng.beta(row / 2, b)
            direction = rng.normal(size=row)
            factor[row, :row] = np.sqrt(squared) * direction / np.linalg.norm(direction)
            factor[row, row] = np.sqrt(1 - squared)
            b -= 0.5
        return factor

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of correlation matrices, given by their lower Cholesky factors.

        It is by the correlations below the diagonal, not by the entries of the factor:
        (eta - 1) log det less the log of the volume, a product of beta functions because partial
        correlations are independent and beta (section 2 of the paper that `draw` cites).

        Parameters
        ----------
        value
            Shape (..., n, n).

        Returns
        -------
        NDArray
            Shape (...).
        """
        n = value.shape[-1]
        log_determinant = 2 * np.log(np.diagonal(value, axis1=-2, axis2=-1)).sum(axis=-1)
        log_volume = 0.0
        for given in range(n - 1):  # partial correlations given so many others
            b = self.eta + (n - 2 - given) / 2
            one = (2 * b - 1) * math.log(2) + float(special.betaln(b, b))
            log_volume += (n - 1 - given) * one
        return np.asarray((self.eta - 1) * log_determinant - log_volume)


def _log_normal_density(
    value: NDArray[np.float64], mean: NDArray[np.float64], sd: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(-0.5 * ((value - mean) / sd) ** 2 - np.log(sd) - 0.5 * math.log(2 * math.pi))


class HalfStudentT(_Distribution):
    """Student's t with mean zero, folded at zero: most values small, a few large."""

    family: Literal["half_student_t"] = "half_student_t"
    df: PositiveFloat
    scale: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.abs(self.scale * rng.standard_t(self.df, shape))

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of each value, which is not negative."""
        half, scale = self.df / 2, np.asarray(self.scale)
        tail = (half + 0.5) * np.log1p((value / scale) ** 2 / self.df)
        constant = math.log(2) - 0.5 * math.log(self.df) - float(special.betaln(half, 0.5))
        return np.asarray(constant - np.log(scale) - tail)


class Dirichlet(_Distribution):
    """Shares that add up to 1; the smaller the concentration, the more uneven."""

    family: Literal["dirichlet"] = "dirichlet"
    concentration: PositiveFloat

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw the shares of all entries of the last axis."""
        return rng.dirichlet(np.full(shape[-1], self.concentration), shape[:-1])

    def log_density(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log density of shares, by all of them but the last, shape (...) for (..., share)."""
        n = value.shape[-1]
        constant = math.lgamma(n * self.concentration) - n * math.lgamma(self.concentration)
        return np.asarray(constant + special.xlogy(self.concentration - 1, value).sum(axis=-1))


type Distribution = Annotated[
    Normal | HalfNormal | HalfStudentT | LogNormal | Beta | Dirichlet | Lkj,
    Field(discriminator="family"),
]


def _picked[D: _Distribution](distribution: D, places: Sequence[int]) -> D:
    """The distribution of some of its entries."""
    given = {name: value for name, value in distribution if isinstance(value, tuple)}
    return distribution.model_copy(
        update={name: tuple(value[place] for place in places) for name, value in given.items()}
    )


class Belief(BaseModel):
    """What something believed before the data rests on.

    Attributes
    ----------
    label
        `borrowed` from published figures, or `assumed`.
    evidence
        Keys of the records of `EvidenceLibrary` that it rests on; none where nothing is published.
    reason
        How these figures led to it, or why it is assumed.
    cited
        The works behind `evidence`, or an earlier fit, each with its standing. Filled in when a set
        is loaded; no file states it.

    Raises
    ------
    pydantic.ValidationError
        If something is said to be borrowed, and not from where.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Literal["borrowed", "assumed"]
    evidence: tuple[str, ...] = ()
    reason: Annotated[str, Field(min_length=1)]
    cited: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _what_is_borrowed_says_from_where(self) -> Self:
        if self.label == "borrowed" and not self.evidence and not self.cited:
            raise ValueError("must name the evidence that it is borrowed from, or be assumed")
        return self

    @property
    def source(self) -> str:
        """The works it rests on and the reason, in one line."""
        return ": ".join(part for part in ("; ".join(self.cited), self.reason) if part)


class Prior(Belief):
    """What is believed of one parameter before the data.

    Attributes
    ----------
    distribution
        On the parameter's own scale.
    without
        By cohort: what is believed when figures that came from this very cohort are left out.
        Everything that rests on such a figure, itself or through what it was computed with, has
        one.
    unit
        Of the parameter, one of `units.UNITS`; `severity` is a fraction of the instrument's scale.
    meaning
        What the parameter is, in a phrase.
    entries
        Names of its entries, where these are the same in every cohort.
    outcomes
        Outcomes that its entries are stated for; empty where all outcomes are alike.
    """

    distribution: Distribution
    without: Mapping[str, Distribution] = {}
    unit: str
    meaning: str
    entries: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()

    def of_outcomes(self, outcomes: Sequence[str]) -> Prior:
        """Return the prior with its entries in the order of outcomes, which it is stated for."""
        if not self.outcomes:
            return self
        places = [self.outcomes.index(one) for one in outcomes]
        without = {name: _picked(one, places) for name, one in self.without.items()}
        update = {"outcomes": tuple(outcomes), "without": without}
        return self.model_copy(
            update={**update, "distribution": _picked(self.distribution, places)}
        )

    @field_validator("unit")
    @classmethod
    def _has_a_unit_that_can_be_read(cls, unit: str) -> str:
        if unit not in UNITS:
            known = ", ".join(UNITS)
            raise ValueError(f"'{unit}' is not a unit. Units: {known}.{nearest(unit, UNITS)}")
        return unit
