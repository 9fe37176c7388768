"""A prior: a distribution on one of the model's own parameters, with its meaning and its source."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat

type Shape = tuple[int, ...]
type Values = Annotated[float | tuple[float, ...], Field(description="one value, or one per entry")]
type Scales = Annotated[
    PositiveFloat | tuple[PositiveFloat, ...], Field(description="one value, or one per entry")
]


class _Distribution(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        raise NotImplementedError


class Normal(_Distribution):
    """Normal with a mean and an SD in the parameter's unit."""

    family: Literal["normal"] = "normal"
    mean: Values
    sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(rng.normal(self.mean, self.sd, shape))


class HalfNormal(_Distribution):
    """Normal with mean zero, folded at zero; `sd` is that of the unfolded normal."""

    family: Literal["half_normal"] = "half_normal"
    sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.abs(rng.normal(0.0, self.sd, shape))


class LogNormal(_Distribution):
    """Log-normal with a median in the parameter's unit and an SD on the log scale."""

    family: Literal["log_normal"] = "log_normal"
    median: Scales
    log_sd: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(self.median * np.exp(rng.normal(0.0, self.log_sd, shape)))


class Beta(_Distribution):
    """Beta on (0, 1)."""

    family: Literal["beta"] = "beta"
    a: Scales
    b: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.asarray(rng.beta(self.a, self.b, shape))


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


class HalfStudentT(_Distribution):
    """Student's t with mean zero, folded at zero: most values small, a few large."""

    family: Literal["half_student_t"] = "half_student_t"
    df: PositiveFloat
    scale: Scales

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw an array of independent values."""
        return np.abs(self.scale * rng.standard_t(self.df, shape))


class Dirichlet(_Distribution):
    """Shares that add up to 1; the smaller the concentration, the more uneven."""

    family: Literal["dirichlet"] = "dirichlet"
    concentration: PositiveFloat

    def draw(self, rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
        """Draw the shares of all entries of the last axis."""
        return rng.dirichlet(np.full(shape[-1], self.concentration), shape[:-1])


type Distribution = Annotated[
    Normal | HalfNormal | HalfStudentT | LogNormal | Beta | Dirichlet | Lkj,
    Field(discriminator="family"),
]


class Prior(BaseModel):
    """What is believed of one parameter before the data.

    Attributes
    ----------
    distribution
        On the parameter's own scale.
    unit
        Of the parameter; `severity` is a fraction of the instrument's scale.
    meaning
        What the parameter is, in a phrase.
    label
        `borrowed` from a cited source, or `assumed`.
    source
        The citation and evidence row, or the reason for the assumption.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: Distribution
    unit: str
    meaning: str
    label: Literal["borrowed", "assumed"]
    source: str
