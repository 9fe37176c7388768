"""The page of a sweep: what the same contrasts are under several choices."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from twin.fit.whole import whole_file

from .figures.canvas import house_style
from .figures.looks import looks
from .figures.sweep import sweep

TITLE = "Runs compared"
_MARKS = {"o": "●", "s": "■", "^": "▲", "D": "◆", "v": "▼", "P": "✚"}
"""As a reader sees the markers of `looks`."""


def write_sweep(path: Path, table: pd.DataFrame, said: str) -> None:
    """Write the page as one HTML file that needs nothing but itself; whole or not at all.

    Parameters
    ----------
    path
        Where the file is to be.
    table
        As `figures.sweep.sweep` takes it.
    said
        The same in words.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    with house_style():
        panels = sweep(table)
    text = environment.from_string(_asset("sweep.html.j2")).render(
        title=TITLE,
        style=Markup(_asset("style.css")),
        looks=looks(list(dict.fromkeys(table["run"]))),
        marks=_MARKS,
        comparator=str(table["comparator"].iloc[0]).replace("_", " "),
        panels=panels,
        said=said,
    )
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
