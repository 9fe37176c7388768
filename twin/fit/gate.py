"""The convergence gate: nothing that did not converge goes further by accident."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import NamedTuple

import arviz as az
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twin.law.grid import Floats

from .gate_report import Check, GateReport

POPULATION_RHAT = 1.01
"""Vehtari 2021 (Bayesian Anal 16:667-718): below it for what is reported."""
POPULATION_ESS = 400.0
"""The same: bulk and tail, so that R-hat and interval ends can themselves be trusted."""
PERSON_RHAT = 1.05
"""Looser: of a thousand person effects some exceed 1.01 by chance alone."""
PERSON_ESS = 100.0
"""Enough for a mean and a 90 % interval of one person."""
LOWEST_BFMI = 0.3
"""Betancourt 2016 (arXiv 1604.00695): below it, momentum resampling explores energy too slowly."""

_PERSON_EFFECTS = (
    "log_rate",
    "work_frailty",
    "start",
    "set_point",
    "response",
    "level_now",
    "missing_covariate",
)


def check_convergence(
    posterior: xr.Dataset, twins: xr.Dataset, estimands: xr.Dataset, sample_stats: xr.Dataset
) -> GateReport:
    """Check a fit.

    Parameters
    ----------
    posterior
        Population parameters as `with_effects` returns them, dims chain, draw and their own.
    twins
        Person parameters, dims chain, draw, patient and perhaps outcome.
    estimands
        Headline quantities, dims chain, draw and their own; at all draws or some.
    sample_stats
        With ``diverging`` and ``energy``, dims chain and draw.
    """
    # headline quantities may have been worked out for some of the draws only
    numbers = (_entries(one_form(posterior)), _entries(estimands))
    persons = _entries(twins[[name for name in _PERSON_EFFECTS if name in twins]])
    # A contrast is zero by definition where both arms start from the same person, and so is the
    # response of people who were given nothing; a sampled quantity that never moves is stuck, and
    # stays in.
    one, other = (entries.without_zeros() for entries in numbers)
    persons, names = persons.without_zeros(), one.names + other.names
    rhat, bulk, tail = (
        np.concatenate([measure(one), measure(other)])
        for measure in (_rhat, partial(_ess, method="bulk"), partial(_ess, method="tail"))
    )
    return GateReport(
        rows=(
            _at_most("population R-hat", POPULATION_RHAT, names, rhat),
            _at_least("population bulk ESS", POPULATION_ESS, names, bulk),
            _at_least("population tail ESS", POPULATION_ESS, names, tail),
            *_energy(sample_stats),
            _at_most("person R-hat", PERSON_RHAT, persons.names, _rhat(persons)),
            _at_least("person bulk ESS", PERSON_ESS, persons.names, _ess(persons, "bulk")),
        )
    )


class _Entries(NamedTuple):
    """Many scalar quantities side by side."""

    names: tuple[str, ...]
    draws: Floats
    """Shape (chain, draw, quantity)."""

    def without_zeros(self) -> _Entries:
        moving = self.draws.any(axis=(0, 1))
        return _Entries(
            tuple(name for name, kept in zip(self.names, moving, strict=True) if kept),
            self.draws[:, :, moving],
        )


def one_form(posterior: xr.Dataset) -> xr.Dataset:
    """Leave out what stands there twice: Cholesky factors and standardised effects."""
    twice = [name for name in posterior if f"{name}_matrix" in posterior]
    twice += [name for name in posterior if str(name).endswith("_z")]
    return posterior.drop_vars(twice)


def _entries(data: xr.Dataset) -> _Entries:
    """Take a dataset apart into scalars; of a symmetric matrix, what is below the diagonal."""
    names: list[str] = []
    n_draws = (data.sizes["chain"], data.sizes["draw"]) if data else (0, 0)
    draws: list[Floats] = [np.empty((*n_draws, 0))]
    for name, array in data.data_vars.items():
        values = array.transpose("chain", "draw", ...)
        labels = [[str(x) for x in values[dim].values] for dim in values.dims[2:]]
        flat = values.to_numpy().reshape(*values.shape[:2], -1)
        kept = list(range(flat.shape[2]))
        if str(name).endswith("_matrix"):
            n = values.shape[-1]
            kept = [i for i in kept if i // n > i % n]
        index = [f"[{', '.join(parts)}]" if parts else "" for parts in product(*labels)]
        names += [f"{name}{index[i]}" for i in kept]
        draws.append(flat[:, :, kept])
    return _Entries(tuple(names), np.concatenate(draws, axis=2))


def _dataset(entries: _Entries) -> xr.Dataset:
    return xr.Dataset({"x": (("chain", "draw", "entry"), entries.draws)})


def _rhat(entries: _Entries) -> Floats:
    # a chain that never moves divides zero by zero: the NaN fails the gate, which is the message
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(az.rhat(_dataset(entries))["x"], dtype=float)


def _ess(entries: _Entries, method: str) -> Floats:
    # of draws that are all the same, arviz calls every one effective
    moving = (np.ptp(entries.draws, axis=(0, 1)) > 0).astype(float)
    return moving * np.asarray(az.ess(_dataset(entries), method=method)["x"], dtype=float)


def _at_most(what: str, limit: float, names: tuple[str, ...], found: Floats) -> Check:
    return _check(f"{what} < {limit:g}", names, found, found < limit, -found)


def _at_least(what: str, limit: float, names: tuple[str, ...], found: Floats) -> Check:
    return _check(f"{what} >= {limit:g}", names, found, found >= limit, found)


def _check(
    rule: str, names: tuple[str, ...], found: Floats, passed: NDArray[np.bool_], goodness: Floats
) -> Check:
    order = np.argsort(np.where(np.isnan(goodness), -np.inf, goodness), kind="stable")
    return Check(
        rule=rule,
        worst=names[order[0]],
        found=float(found[order[0]]),
        failing=tuple(names[i] for i in order if not passed[i]),
    )


def _energy(sample_stats: xr.Dataset) -> Iterator[Check]:
    chains = tuple(f"chain {chain}" for chain in sample_stats["chain"].values)
    diverging = sample_stats["diverging"].sum("draw").to_numpy().astype(float)
    yield _check("divergences = 0", chains, diverging, diverging == 0, -diverging)
    bfmi = np.asarray(az.bfmi(sample_stats["energy"].transpose("chain", "draw").to_numpy()))
    yield _check(f"E-BFMI > {LOWEST_BFMI:g}", chains, bfmi, bfmi > LOWEST_BFMI, bfmi)
