"""Ranks of a few parameters by chain: chains that explored the same look alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.stats import rankdata

from twin.report import digits
from twin.report.content import ReportContent

from .canvas import heading, panel, svg
from .figure import Picture
from .looks import MUTED, looks

_HEADLINE = {
    "arm_effect_taken_up": "effect of {} when taken up",
    "set_point_mean": "mean set point, {}",
    "log_rate_mean": "mean log rate of recovery",
    "response_time": "response time, {}",
}
_MOST = 4
_BINS = 20
_HEIGHT = 170.0


def ranks(content: ReportContent) -> list[Picture]:
    """Return one panel for each of the first few headline parameters; none without a fit.

    People drawn from evidence have no chains that could disagree: each draw is independent.
    """
    if content.from_evidence or "posterior" not in content.fit.children:
        return []
    posterior = content.fit["posterior"].to_dataset()
    found = list(_entries(posterior))[:_MOST]
    return [_panel(title, values, i) for i, (title, values) in enumerate(found)]


def shares(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the share of each chain's draws, (chain, draw), in each band of ranks."""
    order = rankdata(values).reshape(values.shape)
    edges = np.linspace(0.5, values.size + 0.5, _BINS + 1)
    return np.stack([np.histogram(chain, edges)[0] / len(chain) for chain in order])


def _entries(posterior: xr.Dataset) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    for name, title in _HEADLINE.items():
        if name not in posterior:
            continue
        whole = posterior[name].transpose("chain", "draw", ...)
        flat = (
            whole.stack(entry=whole.dims[2:]) if whole.ndim > 2 else whole.expand_dims("entry", -1)
        )
        for i in range(flat.sizes["entry"]):
            one = flat.isel(entry=i)
            where = [str(one[dim].item()).replace("_", " ") for dim in whole.dims[2:]]
            yield title.format(" on ".join(where)), one.to_numpy()


def _panel(title: str, values: npt.NDArray[np.float64], place: int) -> Picture:
    found = shares(values)
    chains = [str(i + 1) for i in range(len(found))]
    middles = (np.arange(_BINS) + 0.5) / _BINS * 100
    figure, axes = panel(_HEIGHT)
    for share, look in zip(found, looks(chains).values(), strict=True):
        axes.plot(middles, share * _BINS, color=look.colour, ls=look.dash, lw=1.5)
    axes.axhline(1, color=MUTED, lw=1.0)
    axes.set_ylim(0, max(2.0, float(found.max()) * _BINS * 1.1))
    axes.set_xlim(0, 100)
    axes.set_xlabel("rank among all draws, %")
    heading(axes, "Draws, relative to equal shares")
    axes.tick_params(length=3)
    most = digits.number(float(found.max()) * _BINS, 1)
    least = digits.number(float(found.min()) * _BINS, 1)
    alt = (
        f"Ranks of {title} in {len(found)} chains: between {least} and {most} times the equal "
        "share of draws in each twentieth."
    )
    return Picture(title[:1].upper() + title[1:], svg(figure, f"ranks-{place}", alt))
