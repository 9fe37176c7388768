"""When a recorded score counts as improved on the baseline score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from twin.instruments import ImportantChange, Instrument
from twin.simulate.kernel import kernel

Singles = npt.NDArray[np.float32]

CRITERIA = ("important", "relative")
"""By a number of points, and by a share of the baseline score."""

# The difference of two single-precision scores errs by about 2e-7 of the scale; a change of
# exactly the threshold must count.
_ROUNDING = 1e-6


def better_sign(instruments: Sequence[Instrument]) -> npt.NDArray[np.float64]:
    """Return what turns a fall in score into an improvement, 1 or -1, shape (outcome,)."""
    return np.array([1.0 if scale.worse == "higher" else -1.0 for scale in instruments])


class Criteria:
    """What counts as improved.

    Parameters
    ----------
    instruments
        Instrument of each outcome.
    important
        Change that counts as important, by outcome; None where none is known.
    relative_change
        Share of the baseline score, counted from the best end of the scale.

    Attributes
    ----------
    known
        Whether there is a threshold, shape (criterion, outcome).
    """

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        important: Mapping[str, ImportantChange | None],
        relative_change: float,
    ) -> None:
        scales = list(instruments.values())
        changes = [important[outcome] for outcome in instruments]
        has_change = np.array([change is not None for change in changes], dtype=bool)
        self.known = np.stack([has_change, np.ones_like(has_change)])
        self._important = _by_outcome([np.inf if c is None else c.value for c in changes])
        self._relative = np.float32(relative_change)
        self._sign = _by_outcome(better_sign(scales))
        self._best = _by_outcome([s.minimum if s.worse == "higher" else s.maximum for s in scales])
        self._slack = _by_outcome([_ROUNDING * scale.range for scale in scales])

    def improved(self, recorded: Singles) -> npt.NDArray[np.bool_]:
        """Tell where one person's recorded scores are improved.

        Parameters
        ----------
        recorded
            Under one scenario, shape (sample, week, outcome), week 0 first.

        Returns
        -------
        numpy.ndarray
            Shape (criterion, sample, week, outcome). Never where the baseline score leaves no
            room for an improvement.
        """
        told = (self._sign, self._best, self._important, self._relative, self._slack)
        return np.asarray(_improved(recorded, *told))


@kernel
def _improved(
    recorded: Singles,
    sign: Singles,
    best: Singles,
    important: Singles,
    relative: np.float32,
    slack: Singles,
) -> npt.NDArray[np.bool_]:
    samples, weeks, outcomes = recorded.shape
    result = np.empty((2, samples, weeks, outcomes), dtype=np.bool_)
    for i in range(samples):
        for k in range(outcomes):
            baseline = recorded[i, 0, k]
            required = relative * (sign[k] * (baseline - best[k]))
            has_room = required > slack[k]
            by_points, by_share = important[k] - slack[k], required - slack[k]
            for week in range(weeks):
                improvement = sign[k] * (baseline - recorded[i, week, k])
                result[0, i, week, k] = improvement >= by_points
                result[1, i, week, k] = has_room and improvement >= by_share
    return result


def _by_outcome(values: Sequence[float] | npt.NDArray[np.float64]) -> Singles:
    return np.asarray(values, dtype=np.float32)
