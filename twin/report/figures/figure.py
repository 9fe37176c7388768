"""A figure on the page: its title, its picture and what it says in words."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup


class Picture(NamedTuple):
    """One panel.

    Attributes
    ----------
    title
        Above the picture.
    svg
        The picture, with its text alternative.
    note
        Beneath it; empty where there is nothing to add.
    """

    title: str
    svg: Markup
    note: str = ""
