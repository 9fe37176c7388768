"""Runs side by side: how far each contrast moves when something else is believed or chosen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin.export.write import CONTRASTS_CSV
from twin.fit.whole import whole_file
from twin.report.sweep_page import write_sweep

from .headlines import QUANTITIES, shown
from .run_folder import short_digest

type Run = tuple[Sequence[str], Path]
"""What was chosen for it, as key=value, and the path of its report."""

KEY = ("scenario", "comparator", "quantity", "outcome", "detail", "week", "unit")
_NUMBERS = ("mean", "lower", "upper", "level", "mcse_mean")


def compare(runs: Sequence[Run]) -> str:
    """Compare runs: write a table of every contrast and a page of the main ones beside them.

    Parameters
    ----------
    runs
        In the order in which they were made; the others are compared with the first.

    Returns
    -------
    str
        The main contrasts in words, and where the table and the page are.
    """
    names = told_apart([chosen for chosen, _ in runs])
    folders = dict(zip(names, (report.parent for _, report in runs), strict=True))
    table = compared(folders)
    name = short_digest(" ".join(folder.name for folder in folders.values()))
    path = runs[0][1].parent.parent / f"comparison-{name}.csv"
    with whole_file(path) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")
    said, main = comparison(table), _main(table)
    drawn = ""
    if not main.empty:
        page = path.with_suffix(".html")
        write_sweep(page, main, said)
        drawn = f"Page with pictures: {page}\n"
    return f"\n{said}\n{drawn}Every contrast: {path}"


def told_apart(choices: Sequence[Sequence[str]]) -> list[str]:
    """Return names of runs: of what was chosen for each, what was not chosen for all.

    Examples
    --------
    >>> told_apart([["seed=2", "priors=literature"], ["seed=2", "priors=wide"]])
    ['priors=literature', 'priors=wide']
    """
    common = set.intersection(*(set(chosen) for chosen in choices))
    return [" ".join(one for one in chosen if one not in common) for chosen in choices]


def compared(folders: Mapping[str, Path]) -> pd.DataFrame:
    """Return the contrasts that several runs have in common.

    Parameters
    ----------
    folders
        Of results, by the name of the run; the first is what the others are compared with.

    Returns
    -------
    pandas.DataFrame
        One row a run and contrast, contrasts in the order of the first run: ``run``, the columns
        `KEY`, ``mean``, ``lower``, ``upper`` and ``level`` in the unit of the contrast; ``moved``,
        the mean less that of the first run, and ``mcse_moved``, its Monte-Carlo standard error.
    """
    parts = []
    for name, folder in folders.items():
        # an empty name is a name: what has none applies to everything
        unknown = {name: [""] for name in _NUMBERS}
        table = pd.read_csv(
            folder / CONTRASTS_CSV,
            dtype=dict.fromkeys(KEY, str),
            keep_default_na=False,
            na_values=unknown,
        )
        parts.append(table[[*KEY, *_NUMBERS]].assign(run=name))
    # rows of a first run, each with its own place, and whatever other runs say of the same
    first = parts[0][[*KEY, "mean", "mcse_mean"]].assign(place=range(len(parts[0])))
    every = pd.concat(parts, ignore_index=True).merge(first, on=list(KEY), suffixes=("", "_first"))
    in_all = every.groupby("place")["run"].transform("nunique") == len(folders)
    found = every[in_all].sort_values("place", kind="stable", ignore_index=True)
    found["moved"] = found["mean"] - found["mean_first"]
    of_first = found["run"] == next(iter(folders))
    found["mcse_moved"] = np.where(
        of_first, 0.0, np.hypot(found["mcse_mean"], found["mcse_mean_first"])
    )
    return found[["run", *KEY, "mean", "lower", "upper", "level", "moved", "mcse_moved"]]


def comparison(table: pd.DataFrame) -> str:
    """Return the headlines of a comparison: every run's estimate and interval, and what moved.

    Contrasts that are 0 in every run are left out.

    Parameters
    ----------
    table
        From `compared`.
    """
    chosen = _main(table)
    if chosen.empty:
        return "These runs have no contrast in common but zeros: nothing to compare.\n"
    first, *others = dict.fromkeys(chosen["run"])
    width = max(map(len, (first, *others)))
    level = chosen["level"].iloc[0]
    head = (
        f"Differences from {chosen['comparator'].iloc[0]}, mean [{level:.0%} interval], and how far"
        f" they move from {first} (± Monte-Carlo error):"
    )
    lines = [head]
    what: tuple[object, ...] = ()
    for row in chosen.to_dict("records"):
        if what != (what := tuple(row[name] for name in KEY)):
            lines.append(f"  {_contrast(row)}")
        ends = f"[{shown(row['lower'])}, {shown(row['upper'])}]"
        moved = f"{shown(row['moved'])} ± {shown(row['mcse_moved'])}" if row["run"] != first else ""
        line = f"    {row['run']:<{width}}  {shown(row['mean']):>6} {ends:<16} {moved}"
        lines.append(line.rstrip())
    return "\n".join([*lines, _most(chosen)]) + "\n"


def _main(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the main contrasts, but those that are 0 in every run."""
    chosen = table[table["quantity"].isin(QUANTITIES)]
    # what a scenario does not act on is exactly 0 under every choice
    acted_on = chosen[["mean", "lower", "upper"]].ne(0).any(axis=1)
    known = set(chosen.loc[acted_on, list(KEY)].itertuples(index=False, name=None))
    return chosen[[one in known for one in chosen[list(KEY)].itertuples(index=False, name=None)]]


def _contrast(row: Mapping[Hashable, Any]) -> str:
    what = QUANTITIES[row["quantity"]].format_map({str(name): row[name] for name in row})
    return f"{row['scenario']}, week {row['week']}, {what}"


def _most(chosen: pd.DataFrame) -> str:
    """The largest move beside the uncertainty that was there anyway."""
    half = (chosen["upper"] - chosen["lower"]) / 2
    share = (chosen["moved"].abs() / half.where(half > 0)).fillna(0.0).to_numpy()
    row = chosen.to_dict("records")[int(share.argmax())]
    return (
        f"The most: {_contrast(row)}, by {share.max():.0%} of half its interval's width, under"
        f" {row['run']}."
    )
