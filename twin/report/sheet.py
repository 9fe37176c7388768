"""A plain table of the appendix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sheet:
    """A table as it is shown.

    Attributes
    ----------
    title
        Above the table.
    head
        Column headings.
    rows
        Cells as text.
    words
        How many of the first columns are words; the others are numbers.
    last_words
        Whether the last column is words too.
    """

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    words: int = 1
    last_words: bool = False

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        last = self.last_words and column == len(self.head) - 1
        return column >= self.words and not last
