"""The evidence that an elicitation may use: figures in severity, without those of some cohort."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from priors import EvidenceLibrary, EvidenceRecord
from twin.instruments import instrument
from twin.law.grid import Floats

_OF_100 = "points of 100"


@dataclass(frozen=True)
class Shelf:
    """Published figures, read by key.

    Attributes
    ----------
    library
        All of them.
    without
        Cohort whose own figures must not be used; None for none.
    """

    library: EvidenceLibrary
    without: str | None = None

    def has(self, key: str) -> bool:
        """Whether the figure may be used: it isn't one of the cohort that is left out."""
        source = self.library[key].source
        cohort = None if source is None else self.library.sources[source].cohort
        return self.without is None or cohort != self.without

    def usable(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return those of the keys whose figures may be used."""
        return tuple(key for key in keys if self.has(key))

    def record(self, key: str) -> EvidenceRecord:
        """Return a figure that a prior may rest on."""
        return self.library.prior(key)

    def severity(self, key: str) -> float:
        """Return a mean as severity; of a range the middle."""
        record = self.record(key)
        return float(_middle(record) / _range(record))

    def sd(self, key: str) -> float:
        """Return the SD between people that is printed with a mean, as severity."""
        record = self.record(key)
        assert record.sd is not None, f"{key} has no SD"
        return float(record.sd / _range(record))

    def number(self, key: str) -> float:
        """Return a figure as printed: a correlation, a share, a number of weeks."""
        return _middle(self.record(key))

    def weeks(self, key: str) -> float | None:
        """Return the week of a figure, or the weeks between two occasions; None if not printed."""
        return self.record(key).weeks

    def by_source(self, keys: Iterable[str], of: str = "mean") -> Floats:
        """Return one severity for each source, the mean of its figures, in the order of the keys.

        Parameters
        ----------
        keys
            Of figures; those that may not be used are passed over.
        of
            ``mean`` for the figures, ``sd`` for the SDs that are printed with them.
        """
        found: dict[str, list[float]] = {}
        for key in self.usable(keys):
            value = self.severity(key) if of == "mean" else self.sd(key)
            found.setdefault(str(self.record(key).source), []).append(value)
        return np.array([np.mean(values) for values in found.values()])


def between(values: Floats) -> float:
    """Return the SD of a new setting's figure about the mean of those of the settings known."""
    return float(np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values)))


def _middle(record: EvidenceRecord) -> float:
    if record.estimate is not None:
        return record.estimate
    assert record.lower is not None  # the types of the evidence demand a range then
    assert record.upper is not None
    return (record.lower + record.upper) / 2


def _range(record: EvidenceRecord) -> float:
    if record.instrument is not None:
        return instrument(record.instrument).range
    assert record.unit == _OF_100, f"{record.key} is on a scale that is not known"
    return 100.0
