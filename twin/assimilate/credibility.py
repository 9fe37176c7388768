"""Whether a person looks like one whom the fit could have met.

Two questions. Do the scores look like those that the population brings forth in people of these
covariates, seen at these weeks? People are simulated by the law, and the person's distance from
their mean, in their covariance, is ranked among their own distances: the rank of somebody from the
population is uniform whatever the scores' distribution, floors and steps included. And does every
covariate lie where those of the fit's people did, or not far beyond? No distribution is taken for
granted there: durations of pain are as skewed as can be. Work is not asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from twin.cohort import Cohort
from twin.fit.arrays import entry_rule
from twin.fit.draws import populations, thinned
from twin.fit.frame import Frame, frame_of
from twin.keyed import stream
from twin.law import forward
from twin.law.backends import NUMPY
from twin.law.covariates import CovariateGaps, fill, gap_values
from twin.law.enrolled import draw_people
from twin.law.grid import Floats
from twin.law.measurement import Scale, record
from twin.law.population import Population
from twin.law.records import Records

from .clusters import with_clusters
from .newcomers import newcomers, records_of_newcomers

POPULATIONS, PEOPLE = 25, 160
"""Draws of the population, and people simulated from each: ranks are told to 1 in 4,000."""

DOUBTFUL, OUTSIDE = 0.01, 0.001
"""Of people whom the fit could have met, one in a hundred is called doubtful or worse for the
scores, one in a thousand outside the cohort: few enough that a flag is worth a look."""

FAR, FARTHER = 0.25, 1.0
"""How far beyond the range of the fit's people, in its widths, a covariate is doubtful or outside
the cohort. A next person seldom passes a range of hundreds by a quarter; what passes it by all of
it is a slip of the pen, or another population."""

VERDICTS = ("credible", "doubtful", "outside the cohort")


def credibility(
    fit: xr.DataTree, people: Cohort, *, seed: int = 1, recruited: bool = False
) -> xr.Dataset:
    """Say how credible people are as somebody of a fit's population.

    Parameters
    ----------
    fit, people, seed, recruited
        As for `assimilate.assimilate`. A person's figures depend on nobody else.

    Returns
    -------
    xr.Dataset
        For each patient ``surprise``, the chance of scores as far out (1 where there is none);
        ``beyond``, how far the farthest covariate lies beyond those of the fit's people, in widths
        of their range (0 within), and ``farthest``, its name (empty within); and ``verdict``:
        credible, doubtful, or outside the cohort.

    Raises
    ------
    InputError
        If the people cannot be read in the fit's terms.
    """
    frame = frame_of(fit)
    cohort = newcomers(frame, people, recruited=recruited).cohort
    posterior = thinned(fit["posterior"].to_dataset(), POPULATIONS)
    new = tuple(sorted(set(cohort.patients["cluster"].dropna()) - set(frame.spec.clusters)))
    spec, posterior = with_clusters(frame.spec, posterior, new, seed)
    frame = frame.model_copy(update={"spec": spec})
    records = records_of_newcomers(frame, cohort)
    every = [population for _, _, population in populations(spec, posterior)]
    by_scores = [
        _scores(frame, cohort, records, every, row, seed) for row in range(len(cohort.patients))
    ]
    return _verdicts(cohort, np.array(by_scores), *_beyond(frame, records))


def _scores(
    frame: Frame,
    cohort: Cohort,
    records: Records,
    every: Sequence[Population],
    row: int,
    seed: int,
) -> float:
    """Tail probability of one person's scores among those of simulated people."""
    patient = str(cohort.patients.index[row])
    visits = cohort.visits[cohort.visits["patient"] == patient].sort_values("week")
    scales = list(cohort.outcomes.values())
    own = np.array(
        [scale.to_severity(visits[name]) for name, scale in cohort.outcomes.items()]
    ).T.reshape(len(visits), len(scales))
    scored = np.isfinite(own)
    if not scored.any():
        return 1.0
    rng = stream(seed, "credibility", patient)
    # an enrolment is at week 0, whether or not a score of that week was handed on
    week = np.concatenate([[0.0], visits["week"].to_numpy(float)])
    weeks = np.broadcast_to(week, (PEOPLE, len(week)))
    rule = entry_rule(frame.outcomes, cohort.entry)
    arm, cluster = (np.full(PEOPLE, part[row]) for part in (records.arm, records.cluster))
    covariate = _filled(records.gaps, row, rng)
    simulated = []
    for population in every:
        people, residual = draw_people(population, rule, covariate, cluster, arm, weeks, rng)
        level = forward.levels(population, people, records.grid, records.dose, arm, weeks)
        latent = (level + residual)[:, 1:]
        seen = [record(Scale.of(scale), latent[:, :, k]) for k, scale in enumerate(scales)]
        simulated.append(np.stack(seen, axis=-1)[:, scored])
    return tail(np.concatenate(simulated), own[scored])


def _filled(gaps: CovariateGaps, row: int, rng: np.random.Generator) -> Floats:
    """Covariates of one person, the missing ones drawn anew for each of `PEOPLE`."""
    drawn = []
    for _ in range(PEOPLE if (gaps.place[row] > 0).any() else 1):
        noise = np.zeros(gaps.n)
        own = gaps.place[row][gaps.place[row] > 0] - 1
        noise[own] = rng.standard_normal(len(own))
        drawn.append(fill(NUMPY, gaps, gap_values(NUMPY, gaps, noise))[row])
    return np.broadcast_to(np.array(drawn), (PEOPLE, gaps.place.shape[1]))


def tail(simulated: Floats, own: Floats) -> float:
    """Share of vectors that lie as far out as one, itself counted among them.

    Parameters
    ----------
    simulated
        Shape (vector, score).
    own
        Shape (score,).
    """
    every = np.vstack([simulated, own])
    off = every - every.mean(axis=0)
    inverse = np.linalg.pinv(off.T @ off / len(off), hermitian=True)
    distance = np.einsum("ij,jk,ik->i", off, inverse, off)
    return float(np.mean(distance >= distance[-1] - 1e-12))


def _beyond(frame: Frame, records: Records) -> tuple[Floats, list[str]]:
    """How far each person's farthest covariate lies beyond the fit's range, and which that is."""
    people, names = len(records.arm), frame.spec.covariates
    if not names:
        return np.zeros(people), [""] * people
    least, most = np.array(frame.covariate_range).T
    width = np.maximum(most - least, np.finfo(float).tiny)
    own, there = records.gaps.observed, records.gaps.place == 0
    off = np.where(there, np.maximum(own - most, least - own) / width, 0.0)
    beyond = np.maximum(off.max(axis=1), 0.0)
    return beyond, [
        names[column] if far > 0 else ""
        for column, far in zip(off.argmax(axis=1), beyond, strict=True)
    ]


def _verdicts(
    cohort: Cohort, surprise: Floats, beyond: Floats, farthest: Sequence[str]
) -> xr.Dataset:
    doubtful = (surprise < DOUBTFUL) | (beyond > FAR)
    outside = (surprise < OUTSIDE) | (beyond > FARTHER)
    found = xr.Dataset(
        {
            "surprise": ("patient", surprise),
            "beyond": ("patient", beyond),
            "farthest": ("patient", np.array(farthest, dtype=object)),
            "verdict": (
                "patient",
                np.array(VERDICTS, dtype=object)[np.where(outside, 2, doubtful.astype(int))],
            ),
        },
        {"patient": cohort.patients.index.to_numpy(dtype=object)},
    )
    for name, meaning in _MEANINGS.items():
        found[name].attrs["long_name"] = meaning
    return found


_MEANINGS = {
    "surprise": "chance of scores as far out in a person of these covariates and visits",
    "beyond": "how far a covariate lies beyond those of the fit's people, in widths of their range",
    "farthest": "the covariate that does so",
    "verdict": (
        f"credible; doubtful below a chance of {DOUBTFUL:g} or beyond by {FAR:g}; outside the "
        f"cohort below {OUTSIDE:g} or beyond by {FARTHER:g}"
    ),
}
