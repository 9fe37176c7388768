"""Works that the evidence comes from, each once: what it is, what was read of it, how surely."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .evidence_error import EvidenceError, Mistake, broken, mistakes
from .evidence_files import SOURCES, Folder, entries, shipped, shown

type Read = Literal["table", "abs", "full", "page", "title", "news", "seed", "records", "unstated"]
type Confidence = Literal["H", "M", "L"]
type Text = Annotated[str, Field(min_length=1)]

TO_BE_VERIFIED = "recalled, to be verified"
"""How everything that was not seen on a page is marked wherever it is printed."""


class Source(BaseModel):
    """One work.

    Attributes
    ----------
    key
        Short name by which records cite it.
    title
        Study or document, in a few words of ours.
    authors
        First author, or the body that published it; None where the collected material names none.
    year
        Of publication.
    journal
        With volume and pages as far as collected.
    doi
        None where not collected.
    doi_status
        ``recalled``: the DOI was not seen on a page.
    url
        Where it was read, as far as collected.
    population, design
        Who was studied, and how.
    read
        What was read of it: a table, the abstract, the full text, a page about it, its title only,
        news of it, the project's seed material, or individual records; ``unstated`` where only
        that it was read is known. Empty: nothing, all that is said of it was recalled.
    confidence
        High, medium or low, that what was read was taken down rightly; None where not collected.
    cohort
        Id of the cohort of ours that holds the work's individual records, so that a fit to that
        very cohort can leave the work out.
    note
        What a user has to know besides; what is missing of an incomplete citation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Text
    authors: Text | None = None
    year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    journal: Text | None = None
    doi: Annotated[str, Field(pattern=r"^10\.\d+/\S+$")] | None = None
    doi_status: Literal["recalled"] | None = None
    url: Text | None = None
    population: Text | None = None
    design: Text | None = None
    read: tuple[Read, ...]
    confidence: Confidence | None = None
    cohort: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _incomplete_ones_say_so(self) -> Self:
        if (self.authors is None or self.year is None) and self.note is None:
            raise broken("note", "must say what is missing of a citation without author or year")
        if self.doi_status is not None and self.doi is None:
            raise broken("doi_status", "is said of a DOI, of which there is none")
        return self

    @property
    def citation(self) -> str:
        """Author, year and journal in one line, and the title where these do not tell the work."""
        complete = self.authors is not None and self.year is not None
        parts = (self.authors, self.year, self.journal, None if complete else self.title)
        return ", ".join(str(part) for part in parts if part is not None)

    @property
    def short(self) -> str:
        """Author and year, or the title where one of these was not collected."""
        if self.authors is None or self.year is None:
            return self.title
        return f"{self.authors} {self.year}"

    def __str__(self) -> str:
        mark = f" ({TO_BE_VERIFIED})" if self.doi_status else ""
        doi = f", doi {self.doi}{mark}" if self.doi else ""
        seen = f"read: {', '.join(self.read)}" if self.read else TO_BE_VERIFIED
        return f"{self.citation}{doi} [{seen}]"


def load_sources(folder: Folder | None = None) -> Mapping[str, Source]:
    """Read the works by key.

    Parameters
    ----------
    folder
        Holds ``sources.yaml``; None for the one that ships with the project.

    Raises
    ------
    EvidenceError
        When an entry breaks the format; the message names file, key, field and rule.
    """
    folder = shipped() if folder is None else folder
    file = shown(folder, SOURCES)
    given = entries(folder, SOURCES, dict)
    found: dict[str, Source] = {}
    wrong: list[Mistake] = []
    for key, entry in given.items():
        if not isinstance(entry, dict):
            wrong.append(Mistake(file, "must be a mapping", str(key)))
            continue
        try:
            found[str(key)] = Source.model_validate({"key": key, **entry})
        except ValidationError as error:
            wrong.extend(mistakes(error, file, str(key), Source.model_fields))
    if wrong:
        raise EvidenceError(wrong)
    return MappingProxyType(found)
