"""Test-retest figures turned into the spread of a score about its level.

Such a study sees flare and error together at its lag. Its people are taken to stay at levels of
their own, and the spread is that at which the recorded scores of two occasions would differ as
published: within-person SD = SD of the change / sqrt 2. But for rounding and the ends of the scale
this is the law's own SEM^2 = spread^2 (1 - share e^(-lag / persistence)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from twin.instruments import instrument
from twin.law.measurement import Scale

from .assumed import assumed
from .shelf import Shelf, between
from .study import Natural, recorded

_LAG_WEEKS = 2.0
"""Between sessions whose distance is not printed: the usual one of such studies, as in a fit."""
_LEVEL, _LEVEL_SD = 0.4, 0.15
"""Of people whose scores are not printed, severity: where an instrument hides little; assumed."""
_LOG_SPREADS = (-5.0, 0.0)
"""Ends of the search: from two thirds of a point in a hundred to the whole scale."""


class RetestStudy(NamedTuple):
    """Keys of what one study published of one instrument."""

    instrument: str
    error: str
    """Within-person SD, or standard error of measurement."""
    mean: str | None = None
    """Mean of its people's scores; None where not printed."""


STUDIES = (
    RetestStudy("pain_nrs", "boulder_nrs_within_sd", "boulder_nrs_first_session"),
    RetestStudy("rmdq", "rmdq_measurement_error"),
    RetestStudy("rmdq", "uk_beam_rmdq_measurement_error", "uk_beam_unchanged_baseline"),
    RetestStudy("odi", "odi_measurement_error"),
    RetestStudy("odi", "boulder_odi_within_sd", "boulder_odi_first_session"),
)
"""Row 11.8 has the people of row 11.7 once more, and is left out."""


class Pooled(NamedTuple):
    """Spread of one instrument's scores, over studies."""

    log_centre: float
    """Log severity: the mean of the studies."""
    log_sd: float
    """Of a new setting."""
    studies: tuple[RetestStudy, ...]
    """What it rests on; none where no study of the instrument may be used."""
    predicted: tuple[float, ...]
    """Within-person SD that each of them would have recorded at the centre, score units."""


def log_spread(shelf: Shelf, study: RetestStudy) -> float:
    """Return the log of the spread that a study implies, severity."""
    wanted = shelf.severity(study.error)
    return float(brentq(lambda log: within_sd(shelf, study, log) - wanted, *_LOG_SPREADS))


def within_sd(shelf: Shelf, study: RetestStudy, log_spread: float) -> float:
    """Return the within-person SD that a study would have recorded, severity."""
    known = assumed()
    natural = Natural.unchanged(
        mean=_LEVEL if study.mean is None else shelf.severity(study.mean),
        sd=_LEVEL_SD,
        spread=float(np.exp(log_spread)),
        share=known.persistent_share,
        persistence=known.persistence,
    )
    scale = Scale.of(instrument(study.instrument))
    lag = shelf.weeks(study.error) or _LAG_WEEKS
    return float(recorded(natural, scale, lag).change_sd / np.sqrt(2))


def pooled(shelf: Shelf) -> Mapping[str, Pooled]:
    """Return the spread of every instrument of which a study exists.

    Studies count alike: each is one setting. How far settings lie apart on the log scale is taken
    to be the same for all instruments, of which each has one study or two. An instrument whose
    only study may not be used lies somewhere among the others.
    """
    usable = {
        name: tuple(s for s in STUDIES if s.instrument == name and shelf.has(s.error))
        for name in dict.fromkeys(study.instrument for study in STUDIES)
    }
    logs = {name: [log_spread(shelf, s) for s in studies] for name, studies in usable.items()}
    apart = between_studies(list(logs.values()))
    known = [float(np.mean(values)) for values in logs.values() if values]
    found = {}
    for name, values in logs.items():
        n = len(values)
        centre = float(np.mean(values or known))
        among = between(np.array(known))
        log_sd = apart * np.sqrt(1 + 1 / n) if n else np.hypot(apart, among)
        size = instrument(name).range
        predicted = tuple(float(size * within_sd(shelf, s, centre)) for s in usable[name])
        found[name] = Pooled(centre, float(log_sd), usable[name], predicted)
    return found


def between_studies(logs: Sequence[Sequence[float]]) -> float:
    """Return the SD between studies of one instrument, pooled over instruments."""
    squares = sum(float(np.sum((np.array(v) - np.mean(v)) ** 2)) for v in logs if len(v) > 1)
    return float(np.sqrt(squares / sum(len(v) - 1 for v in logs if len(v) > 1)))
