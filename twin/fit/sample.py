"""Draws from a model's posterior, the same in shape whichever library made them."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr

from .settings import SamplerSettings

_STATISTICS = ("diverging", "energy", "tree_depth", "n_steps", "step_size", "acceptance_rate")
_SECONDS = "sampling_seconds"
_NUTPIE_NAMES = {"depth": "tree_depth", "mean_tree_accept": "acceptance_rate"}


def sample(model: pm.Model, settings: SamplerSettings, seed: int) -> xr.DataTree:
    """Sample a model with the library that the settings name.

    Parameters
    ----------
    model
        The model; its potentials and free variables only.
    settings
        Library, chains, draws and the like.
    seed
        Seed of everything random in it.

    Returns
    -------
    xr.DataTree
        Group ``posterior`` with every free variable, and ``sample_stats`` with ``diverging``,
        ``energy``, ``tree_depth``, ``n_steps``, ``step_size`` and ``acceptance_rate``; dims chain,
        draw and the variables' own. Attribute ``sampling_seconds``, of nutpie: without compilation.
    """
    with _quiet():
        drawn = _LIBRARIES[settings.library](model, settings, seed)
    return _told(drawn)


def compile_model(model: pm.Model) -> Any:
    """Compile a model for nutpie; `sample_compiled` samples it, its data exchanged or not."""
    import nutpie

    with _quiet():
        return nutpie.compile_pymc_model(model, backend="numba")


def sample_compiled(compiled: Any, settings: SamplerSettings, seed: int) -> xr.DataTree:
    """Sample a compiled model; as `sample` does, with nutpie whatever the settings name."""
    with _quiet():
        return _told(_draw_with_nutpie(compiled, settings, seed))


def _told(drawn: xr.DataTree) -> xr.DataTree:
    """Return what the libraries' results have in common."""
    statistics = (
        drawn["sample_stats"]
        .to_dataset()
        .rename(
            {
                ours: theirs
                for ours, theirs in _NUTPIE_NAMES.items()
                if ours in drawn["sample_stats"]
            }
        )
    )
    kept = [name for name in _STATISTICS if name in statistics]
    told = xr.DataTree.from_dict(
        {
            "posterior": _plain(drawn["posterior"].to_dataset()),
            "sample_stats": _plain(statistics[kept]),
        }
    )
    told.attrs = {name: value for name, value in drawn.attrs.items() if name == _SECONDS}
    return told


def _with_nutpie(model: pm.Model, settings: SamplerSettings, seed: int) -> xr.DataTree:
    return _draw_with_nutpie(compile_model(model), settings, seed)


def _draw_with_nutpie(compiled: Any, settings: SamplerSettings, seed: int) -> xr.DataTree:
    import nutpie

    since = time.perf_counter()
    drawn: xr.DataTree = nutpie.sample(
        compiled,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=seed,
        target_accept=settings.target_accept,
        save_warmup=False,
        progress_bar=settings.progress_bar,
    )
    drawn.attrs[_SECONDS] = time.perf_counter() - since
    return drawn


def _with_pymc(model: pm.Model, settings: SamplerSettings, seed: int) -> xr.DataTree:
    return _through_pymc("pymc", model, settings, seed)


def _with_numpyro(model: pm.Model, settings: SamplerSettings, seed: int) -> xr.DataTree:
    import jax

    from . import jax_ops  # noqa: F401  (tells JAX the law's costly terms)

    # the law is held to 1e-10: single precision would be another model
    jax.config.update("jax_enable_x64", True)
    return _through_pymc("numpyro", model, settings, seed)


def _through_pymc(
    library: str, model: pm.Model, settings: SamplerSettings, seed: int
) -> xr.DataTree:
    with model:
        drawn: xr.DataTree = pm.sample(
            draws=settings.draws,
            tune=settings.tune,
            chains=settings.chains,
            cores=settings.cores,
            random_seed=seed,
            nuts_sampler=library,
            nuts={"target_accept": settings.target_accept},
            progressbar=settings.progress_bar,
            compute_convergence_checks=False,  # the gate judges, on more than PyMC looks at
        )
    return drawn


_LIBRARIES: Mapping[str, Callable[[pm.Model, SamplerSettings, int], xr.DataTree]] = {
    "nutpie": _with_nutpie,
    "pymc": _with_pymc,
    "numpyro": _with_numpyro,
}


def _plain(data: xr.Dataset) -> xr.Dataset:
    """Drop what differs between libraries: attributes with clocks, positions as labels, arrays."""
    positions = [name for name in data.coords if "_dim_" in str(name)]
    arrays = data.drop_vars(positions).drop_attrs()
    return arrays.map(lambda array: array.copy(data=np.asarray(array)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what third parties say and nobody can act on."""
    pymc_log = logging.getLogger("pymc")
    before = pymc_log.level
    pymc_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # PyTensor asks for a BLAS to link; nothing here multiplies matrices large enough
            warnings.filterwarnings("ignore", message=".*BLAS.*", module=r"pytensor\..*")
            yield
    finally:
        pymc_log.setLevel(before)
