"""A set of priors: everything that is believed before the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, PositiveFloat

from .prior import Belief, Prior


class RetestTrust(Belief):
    """How far a published test-retest error is trusted to carry to another cohort.

    Attributes
    ----------
    log_sd
        SD of a normal on the logarithm of the error.
    """

    log_sd: PositiveFloat


class PriorSet(BaseModel):
    """A named set of priors.

    Attributes
    ----------
    name
        Name of the set and of its file.
    description
        What the set stands for.
    notes
        What was done to it for one cohort: what was left out, what was taken over.
    retest
        How far published test-retest errors are trusted.
    parameters
        Prior of each parameter by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    notes: tuple[str, ...] = ()
    retest: RetestTrust
    parameters: Mapping[str, Prior]

    def __getitem__(self, parameter: str) -> Prior:
        """Prior of a parameter."""
        return self.parameters[parameter]

    @property
    def retest_log_sd(self) -> float:
        """SD on the log scale that a published test-retest error is trusted with."""
        return self.retest.log_sd

    @property
    def summary(self) -> str:
        """Name and notes on one line."""
        return "; ".join([self.name, *self.notes])

    @property
    def numbers(self) -> dict[str, Any]:
        """What can change a result: distributions, and neither names nor words."""
        return {
            "retest_log_sd": self.retest_log_sd,
            "parameters": {
                name: prior.distribution.model_dump(mode="json")
                for name, prior in self.parameters.items()
            },
        }

    def of_outcomes(self, outcomes: Sequence[str]) -> PriorSet:
        """Return the set for a cohort: what is stated by outcome in the order of its outcomes.

        Raises
        ------
        ValueError
            If something is stated by outcome, and not for one of these.
        """
        parameters = {}
        for name, prior in self.parameters.items():
            missing = [one for one in outcomes if prior.outcomes and one not in prior.outcomes]
            if missing:
                stated = " and ".join(prior.outcomes)
                raise ValueError(
                    f"prior set '{self.name}' states {name} for {stated}, and not for"
                    f" {' or '.join(missing)}. Choose a set that states it for every outcome alike."
                )
            parameters[name] = prior.of_outcomes(outcomes)
        return self.model_copy(update={"parameters": parameters})

    def __str__(self) -> str:
        """Every parameter: distribution, meaning, what it implies in clinical units, sources."""
        from .set_table import set_table  # a table is drawn only when somebody looks

        return set_table(self)
