"""From a stored fit and people that it never saw to their twins."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property

import xarray as xr

from twin.cohort import Cohort
from twin.fit.draws import thinned
from twin.fit.frame import FRAME, Frame, frame_of
from twin.fit.observed import constant_data, observed_data
from twin.fit.update import stacked, updated_people
from twin.fit.versions import versions
from twin.update.everyone import Run
from twin.update.stack import Stack

from .clusters import with_clusters
from .newcomers import newcomers, records_of_newcomers

DRAWS = 1000
"""Of the population that newcomers are paired with: as many as a simulation uses by default."""

ASSIMILATED = "assimilation"
"""Value of the attribute ``drawn_from`` of twins that came about so."""


def assimilate(
    fit: xr.DataTree,
    people: Cohort,
    *,
    seed: int = 1,
    draws: int = DRAWS,
    workers: int = 1,
    recruited: bool = False,
    progress: str = "",
) -> xr.DataTree:
    """Return twins of people that a fit never saw.

    Parameters
    ----------
    fit
        A stored fit, or twins that were assimilated from one: these hold all that it takes.
    people
        The new people, with the visits so far; from `twin.cohort.read_cohort`,
        `document.read_person` or made by hand. They need not have all that the fit knows of.
    seed
        Seed of everything random. A person's twin depends on it, the id and the own data, and on
        nobody else.
    draws
        Draws of the population that are used, evenly spaced along the chains.
    workers
        Threads.
    recruited
        Whether these people were enrolled by the entry threshold of the fit's cohort. Their
        likelihood is then divided by the chance of that, as in the fit.
    progress
        What the progress bar says; none where empty.

    Returns
    -------
    xr.DataTree
        What a `TwinEnsemble` is made of: ``posterior``, ``twins``, ``observed_data``,
        ``constant_data``. Beside the person parameters, ``twins`` holds for each draw of each
        person ``population_draw``, the draw of the population that it is paired with (counted
        chain by chain), and for each person ``pareto_k``, ``ess``, ``log_evidence`` and
        ``method``. Attributes as of a fit, with ``drawn_from``: assimilation, ``fit_cohort``,
        ``recruited``, and ``notes`` (JSON), what was left out, filled or assumed.

    Raises
    ------
    InputError
        If the fit cannot take in people, or these cannot be read in its terms.

    Examples
    --------
    >>> twins = assimilate(load_fit(path), read_person(Path("anna.yaml"), fit))  # doctest: +SKIP
    >>> print(TwinEnsemble(twins)["anna"])  # doctest: +SKIP
    """
    ready = Assimilator(fit, draws)
    return ready.assimilate(
        people, seed=seed, workers=workers, recruited=recruited, progress=progress
    )


@dataclass(frozen=True, eq=False)
class Assimilator:
    """A fit made ready to take in people, one after the other.

    Attributes
    ----------
    fit
        As for `assimilate`.
    draws
        As for `assimilate`.
    """

    fit: xr.DataTree
    draws: int = DRAWS

    @cached_property
    def frame(self) -> Frame:
        """How the fit reads people."""
        return frame_of(self.fit)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Draws of the population that newcomers are paired with."""
        return thinned(self.fit["posterior"].to_dataset(), self.draws)

    @cached_property
    def _known_stack(self) -> Stack:
        frame = self.frame
        return stacked(frame.spec, self.posterior, frame.time_grid, frame.dose)

    def assimilate(
        self,
        people: Cohort,
        *,
        seed: int = 1,
        workers: int = 1,
        recruited: bool = False,
        progress: str = "",
    ) -> xr.DataTree:
        """Return twins of new people; see the function of this name."""
        since = time.perf_counter()
        read = newcomers(self.frame, people, recruited=recruited)
        frame, posterior, stack = self._with_clusters(read.cohort, seed)
        records = records_of_newcomers(frame, read.cohort)
        run = Run(seed, workers, progress)
        twins = updated_people(
            read.cohort, frame.spec, records, posterior, stack, run, reweigh=True
        )
        tree = xr.DataTree.from_dict(
            {
                "posterior": posterior,
                "twins": twins,
                "observed_data": observed_data(read.cohort),
                "constant_data": constant_data(read.cohort),
            }
        )
        tree.attrs = {
            "configuration": "{}",
            "seed": seed,
            "versions": json.dumps(dict(versions())),
            FRAME: frame.model_copy(
                update={"days_absent": read.cohort.days_absent}
            ).model_dump_json(),
            "cohort": people.name,
            "cohort_hash": people.hash,
            "synthetic": int(read.cohort.synthetic),
            "drawn_from": ASSIMILATED,
            "fit_cohort": frame.cohort,
            "recruited": int(recruited),
            "notes": json.dumps(read.notes),
            "converged": int(self.fit.attrs["converged"]),
            "accepted_unconverged": int(self.fit.attrs.get("accepted_unconverged", 0)),
            "timings": json.dumps({"assimilation": round(time.perf_counter() - since, 3)}),
        }
        return tree

    def _with_clusters(self, people: Cohort, seed: int) -> tuple[Frame, xr.Dataset, Stack]:
        """Return frame and draws that know the clusters of the newcomers too."""
        there = set(people.patients["cluster"].dropna())
        new = tuple(sorted(there - set(self.frame.spec.clusters)))
        if not new:
            return self.frame, self.posterior, self._known_stack
        spec, posterior = with_clusters(self.frame.spec, self.posterior, new, seed)
        frame = self.frame.model_copy(update={"spec": spec})
        return frame, posterior, stacked(spec, posterior, frame.time_grid, frame.dose)
