"""A model compiled once and sampled for many cohorts: compiling takes longer than a small fit."""

from __future__ import annotations

import numpy as np
import xarray as xr

from priors import PriorSet
from twin.law.parameters import ModelSpec
from twin.law.records import Records

from .model import build_model
from .retest import RetestFigure
from .sample import compile_model, sample_compiled
from .settings import SamplerSettings
from .shared_data import exchangeable


class ReusableModel:
    """The joint model, compiled for cohorts of one size.

    Parameters
    ----------
    spec, records, priors, retest
        As for `build_model`. Every cohort to be fitted has this spec, grid and entry rule, this
        number of people and of workers, and misses covariate values in these very places.
    slots
        Scores at an end of their scale that a cohort may have at most. Each costs a variable in
        every fit, whether it is used or not.
    """

    def __init__(
        self,
        spec: ModelSpec,
        records: Records,
        priors: PriorSet,
        retest: tuple[RetestFigure, ...],
        slots: int,
    ) -> None:
        self._slots = slots
        self._fixed = _fixed(records)
        self._compiled = compile_model(build_model(spec, records, priors, retest, slots))

    def sample(self, records: Records, settings: SamplerSettings, seed: int) -> xr.DataTree:
        """Sample the posterior of a cohort.

        Parameters
        ----------
        records
            The cohort.
        settings
            Chains, draws and the like; the library is nutpie.
        seed
            Seed of everything random in it.

        Returns
        -------
        xr.DataTree
            As `sample.sample` returns it, without the depths of idle slots.

        Raises
        ------
        ValueError
            If the cohort differs in what is compiled.
        """
        if _fixed(records) != self._fixed:
            raise ValueError(
                f"the model was compiled for (people, workers, entry rule, missing covariates)"
                f" {self._fixed} and cannot take {_fixed(records)}. Compile another."
            )
        data = exchangeable(records, self._slots)
        names = {variable.name for variable in self._compiled.shared_var_keys}
        ready = self._compiled.with_data(**{name: data[name] for name in names})
        drawn = sample_compiled(ready, settings, seed)
        posterior = drawn["posterior"].to_dataset()
        if "beyond_end" in posterior:
            slot = posterior["beyond_end"].dims[-1]
            used = int(np.count_nonzero(records.scores.end))
            drawn["posterior"] = xr.DataTree(posterior.isel({slot: slice(used)}))
        return drawn


def _fixed(records: Records) -> tuple[object, ...]:
    """What a cohort must share with the one that a model was compiled for."""
    workers = None if records.work is None else len(records.work.worker)
    missing = [tuple(place) for place in np.argwhere(np.isnan(records.covariate)).tolist()]
    return len(records.arm), workers, records.entry, tuple(missing)
