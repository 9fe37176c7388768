"""When a recorded score counts as improved on the baseline score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from twin.instruments import ImportantChange, Instrument

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
        self._important = _column([np.inf if c is None else c.value for c in changes])
        self._relative = np.float32(relative_change)
        self._sign = _column(better_sign(scales))
        self._best = _column([s.minimum if s.worse == "higher" else s.maximum for s in scales])
        self._slack = _column([_ROUNDING * scale.range for scale in scales])

    def improved(self, recorded: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Tell where one person's recorded scores are improved.

        Parameters
        ----------
        recorded
            Under one scenario, shape (week, outcome, sample), week 0 first.

        Returns
        -------
        numpy.ndarray
            Shape (criterion, week, outcome, sample). Never where the baseline score leaves no
            room for an improvement.
        """
        baseline = recorded[:1]
        improvement = self._sign * (baseline - recorded)
        room = self._sign * (baseline - self._best)
        required = self._relative * room
        return np.stack(
            [
                improvement >= self._important - self._slack,
                (improvement >= required - self._slack) & (required > self._slack),
            ]
        )


def _column(values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """One value for each outcome, against axes (outcome, sample)."""
    return np.asarray(values, dtype=np.float32)[:, None]
