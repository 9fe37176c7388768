"""What an arm does if those who left did worse than the model says of them.

A delta-adjusted pattern-mixture analysis (Carpenter and others 2013, J Biopharm Stat 23:1352-71):
the fit takes leaving to say nothing beyond what was seen before; here the unseen level of everyone
who left is shifted by a stated amount from then on, in all arms or in some. The fit itself stays as
it is: what was seen is no less true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.fit.estimands import Leaving, arm_means
from twin.law.grid import Floats, TimeGrid
from twin.law.measurement import Scale
from twin.law.parameters import ModelSpec
from twin.law.records import Records

PATTERNS = ("ignorable", "all arms", "active arms", "reference arm")
"""Where those who left are taken to have done worse."""


def dropout_contrasts(
    cohort: Cohort,
    spec: ModelSpec,
    records: Records,
    posterior: xr.Dataset,
    twins: xr.Dataset,
    weeks: Sequence[float],
    delta: Mapping[str, float],
) -> xr.Dataset:
    """Return the differences between arms under each pattern of leaving.

    Parameters
    ----------
    cohort, spec, records
        The cohort, and what the model was built from.
    posterior, twins
        Population and person parameters, dims chain, draw and their own.
    weeks
        Weeks since baseline, within the grid.
    delta
        How much worse those who left are, score points by outcome, positive; 0 where not named.

    Returns
    -------
    xr.Dataset
        ``arm_contrast``, dims pattern (`PATTERNS`), chain, draw, active_arm, outcome, week, in
        score units; ``left``, the share of each arm's people who were no longer seen, dims arm,
        outcome, week; ``delta``, by outcome.
    """
    points = np.array([float(delta.get(outcome, 0.0)) for outcome in spec.outcomes])
    shift = [_level_behind(cohort, outcome, points[k]) for k, outcome in enumerate(spec.outcomes)]
    own = left(cohort, records.grid, weeks)
    share = np.stack([own[records.arm == arm].mean(axis=0) for arm in range(len(spec.arms))])
    leaving = Leaving(_chance(own, share, records), np.array(shift))
    at = (spec, records, posterior, twins, cohort.outcomes, weeks)
    stayed, worse = arm_means(*at), arm_means(*at, leaving)
    pairs = ((stayed, stayed), (worse, worse), (worse, stayed), (stayed, worse))
    contrasts = [
        active.isel(arm=slice(1, None)) - reference.isel(arm=0, drop=True)
        for active, reference in pairs
    ]
    return xr.Dataset(
        {
            "arm_contrast": xr.concat(
                [one.rename(arm="active_arm") for one in contrasts], dim="pattern"
            ).assign_attrs(
                long_name="expected score less that under the reference arm", units="score"
            ),
            "left": (
                ("arm", "outcome", "week"),
                share,
                {"long_name": "share of people no longer seen", "units": "share"},
            ),
            "delta": (
                "outcome",
                points,
                {"long_name": "how much worse those who left are taken to be", "units": "score"},
            ),
        },
        coords={"pattern": np.asarray(PATTERNS, dtype=object), "arm": stayed["arm"]},
    )


def left(cohort: Cohort, grid: TimeGrid, weeks: Sequence[float]) -> Floats:
    """Return who had no score of an outcome at a week or later, shape (person, outcome, week).

    A person who stayed away once and came back has not left; nor has one who came a little early,
    in the second half of the cell of the grid that ends at the week.
    """
    last = cohort.visits.melt(["patient", "week"], list(cohort.outcomes), "outcome", "score")
    last = last.dropna(subset="score").groupby(["patient", "outcome"])["week"].max().unstack()
    last = last.reindex(index=cohort.patients.index, columns=list(cohort.outcomes))
    seen_until = last.fillna(-1.0).to_numpy(dtype=float)
    before = [max((edge for edge in grid.edges if edge < week), default=week) for week in weeks]
    early = (np.asarray(weeks, dtype=float) + before) / 2
    return np.asarray(seen_until[:, :, None] < early, dtype=float)


def _level_behind(cohort: Cohort, outcome: str, points: float) -> float:
    """Shift of the level, severity, that a usual score is so many points worse by."""
    scale = cohort.outcomes[outcome]
    usual = float(np.nanmean(scale.to_severity(cohort.visits[outcome])))
    return float(Scale.of(scale).difference_behind(points / scale.range, usual))


def _chance(own: Floats, share: Floats, records: Records) -> Floats:
    """Under the own arm what is known of the person, under another that arm's share."""
    chance = np.repeat(share[:, None], len(own), axis=1)
    chance[records.arm, np.arange(len(own))] = own
    return chance
