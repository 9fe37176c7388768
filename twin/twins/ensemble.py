"""All twins of a fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import xarray as xr

from priors.near import nearest
from twin.errors import InputError, Problem
from twin.instruments import Instrument

from .twin import Twin, learnt


@dataclass(frozen=True, eq=False)
class TwinEnsemble:
    """The twins of everyone in a fit, by id.

    Attributes
    ----------
    fit
        The fit as `twin.fit.fit.fit_cohort` returns it, or as it was stored; or people drawn from
        evidence by `twin.population.draw.draw_twins`; or people that were assimilated into a fit
        by `twin.assimilate.assimilate`.

    Examples
    --------
    >>> print(twins["p007"])  # doctest: +SKIP
    """

    fit: xr.DataTree

    def __getitem__(self, patient: str) -> Twin:
        """Twin of a person.

        Raises
        ------
        InputError
            If nobody has that id; the message offers the nearest.
        """
        if patient not in self._known:
            remedy = f"There are {len(self)} twins.{nearest(patient, self._known)}"
            raise InputError(
                [Problem("twins", "is not a known patient", value=patient, remedy=remedy)]
            )
        return Twin(
            patient=patient,
            cohort=str(self.fit.attrs["cohort"]),
            synthetic=self.synthetic,
            converged=self.converged,
            instruments=self.instruments,
            facts=self._group("constant_data").sel(patient=patient),
            visits=self._group("observed_data").sel(patient=patient),
            parameters=self.parameters.sel(patient=patient),
            learnt=self._learnt.sel(patient=patient),
        )

    def __iter__(self) -> Iterator[str]:
        """Ids of all people, sorted."""
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    @property
    def parameters(self) -> xr.Dataset:
        """Person parameters of everyone, dims chain, draw, patient, outcome; severities."""
        return self._group("twins")

    @property
    def synthetic(self) -> bool:
        """Whether the people were generated."""
        return bool(self.fit.attrs["synthetic"])

    @property
    def converged(self) -> bool:
        """Whether the fit passed its gate."""
        return bool(self.fit.attrs["converged"])

    @property
    def from_evidence(self) -> bool:
        """Whether the people were drawn from published evidence and nothing was fitted."""
        return self.fit.attrs.get("drawn_from") == "evidence"

    @property
    def assimilated(self) -> bool:
        """Whether the people were assimilated into a fit that never saw them."""
        return self.fit.attrs.get("drawn_from") == "assimilation"

    @cached_property
    def instruments(self) -> Mapping[str, Instrument]:
        """Instrument of each outcome."""
        stored = self._group("constant_data")["instrument"]
        return {
            str(outcome): Instrument.model_validate_json(str(stored.sel(outcome=outcome).item()))
            for outcome in stored["outcome"].to_numpy()
        }

    @cached_property
    def _known(self) -> tuple[str, ...]:
        return tuple(str(patient) for patient in self.parameters["patient"].to_numpy())

    @cached_property
    def _learnt(self) -> xr.Dataset:
        return learnt(self.parameters, self._group("posterior") if self.assimilated else None)

    def _group(self, name: str) -> xr.Dataset:
        return self.fit[name].to_dataset()

    def __str__(self) -> str:
        made = "SYNTHETIC: no real people" if self.synthetic else "real people"
        told = "fitted"
        if self.from_evidence:
            made, told = "DRAWN FROM EVIDENCE: no real people", "drawn"
        if self.assimilated:
            told = f"assimilated into the fit of cohort {self.fit.attrs['fit_cohort']}"
        draws = self.parameters.sizes["chain"] * self.parameters.sizes["draw"]
        state = "" if self.converged else " UNCONVERGED: these numbers cannot be relied on."
        seconds = json.loads(self.fit.attrs["timings"])
        return (
            f"{len(self)} twins of cohort {self.fit.attrs['cohort']} ({made}), {draws} draws each, "
            f"{told} in {sum(seconds.values()):.0f} s.{state}\n"
            f"One of them: print(twins['{self._known[0]}'])"
        )
