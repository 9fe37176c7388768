"""A published contrast as an estimate and its standard error, in the unit and sign of an effect."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from scipy.special import ndtri

from priors import EvidenceRecord
from twin.instruments import instrument


class Contrast(NamedTuple):
    """Intervention less control, or the log of a ratio; more is worse, or the event is sooner."""

    estimate: float
    error: float
    """Standard error of it."""


def contrast(record: EvidenceRecord, unit: str) -> Contrast:
    """Read a published difference or ratio.

    Parameters
    ----------
    record
        A mean difference on a scale of which more is worse, or a hazard ratio.
    unit
        ``score``, the record's own points; ``severity``; or ``log_hazard_ratio``. The error of a
        ratio is that of its logarithm, from whichever ends of its interval were read.

    Raises
    ------
    ValueError
        When the record has no interval, or a scale that is not known.
    """
    estimate, lower, upper = record.estimate, record.lower, record.upper
    if estimate is None or record.level is None:
        raise ValueError(f"evidence {record.key}: needs an estimate with a confidence interval")
    if record.quantity == "hazard_ratio":
        estimate = math.log(estimate)
        lower, upper = (None if end is None else math.log(end) for end in (lower, upper))
    low = estimate if lower is None else lower
    high = estimate if upper is None else upper
    ends = (lower is not None) + (upper is not None)
    error = (high - low) / (ends * float(ndtri((1 + record.level) / 2)))
    if unit == "log_hazard_ratio":
        return Contrast(estimate, error)
    # Benefits are often printed as positive differences. Where it is not printed whom a contrast
    # favours it is taken to be the treatment, and its question says so.
    treatment = None if record.comparison is None else record.comparison.treatment
    if estimate > 0 and record.favours in (treatment, None):
        estimate = -estimate
    share = 1.0 if unit == "score" else _share_of_scale(record)
    return Contrast(estimate * share, error * share)


def _share_of_scale(record: EvidenceRecord) -> float:
    """Part of its scale that one unit of a record is."""
    if record.instrument is not None:
        return float(1 / instrument(record.instrument).range)
    sizes = {"points of 100": 1 / 100, "points of 10": 1 / 10}
    if record.unit not in sizes:
        raise ValueError(f"evidence {record.key}: '{record.unit}' is not a known scale")
    return sizes[record.unit]


def pain_free_contrast(
    treated: EvidenceRecord, control: EvidenceRecord, spread: Iterable[EvidenceRecord]
) -> Contrast:
    """Difference in mean pain that turns one share of people free of pain into another.

    Scores are taken as normal with one SD in both groups, so that the difference is the SD times
    that of the probits; its error is that of the two shares.

    Parameters
    ----------
    treated, control
        Shares free or nearly free of pain, percent.
    spread
        SDs, between people and within, whose squares add up to that of the scores; the first has
        the number of people, which is taken for that of either group.
    """
    sds = list(spread)
    sd = math.sqrt(sum((one.estimate or 0.0) ** 2 for one in sds))
    n = sds[0].n
    if not isinstance(n, int):
        raise ValueError(f"evidence {sds[0].key}: needs a number of people")
    shares = [(one.estimate or 0.0) / 100 for one in (treated, control)]
    probits = [float(ndtri(share)) for share in shares]
    slopes = [math.exp(-(probit**2) / 2) / math.sqrt(2 * math.pi) for probit in probits]
    variance = sum(
        share * (1 - share) / n / slope**2 for share, slope in zip(shares, slopes, strict=True)
    )
    return Contrast(-sd * (probits[0] - probits[1]), sd * math.sqrt(variance))
