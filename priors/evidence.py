"""The evidence: published figures by key, by row, by source and by what they may be used for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from pydantic import ValidationError

from .evidence_error import EvidenceError, Mistake, mistakes
from .evidence_files import SOURCES, Folder, entries, record_files, shipped, shown
from .near import nearest
from .quantities import Use
from .record import EvidenceRecord
from .sources import Source, load_sources


@dataclass(frozen=True)
class EvidenceLibrary:
    """Published figures and the works that they come from.

    Attributes
    ----------
    sources
        Works by key.
    records
        Figures in the order of the files.
    """

    sources: Mapping[str, Source]
    records: tuple[EvidenceRecord, ...]

    def __getitem__(self, key: str) -> EvidenceRecord:
        """Figure of a key.

        Raises
        ------
        EvidenceError
            When there is none; the message offers the nearest.
        """
        for record in self.records:
            if record.key == key:
                return record
        known = nearest(key, (record.key for record in self.records)).strip()
        raise EvidenceError([Mistake("evidence", "is not the key of a record", key, remedy=known)])

    def of_row(self, row: str) -> tuple[EvidenceRecord, ...]:
        """Figures of a row of the collected material, such as "1.2"."""
        return tuple(record for record in self.records if record.row == row)

    def of_source(self, source: str) -> tuple[EvidenceRecord, ...]:
        """Figures that a work is named for."""
        return tuple(record for record in self.records if source in _cited(record))

    def of_use(self, use: Use) -> tuple[EvidenceRecord, ...]:
        """Figures that may be used as a prior, in a scenario or for validation; never a gap."""
        usable = (record for record in self.records if record.status != "gap")
        return tuple(record for record in usable if use in record.use)

    def prior(self, key: str) -> EvidenceRecord:
        """Figure of a key, for a prior to rest on.

        Raises
        ------
        EvidenceError
            When there is none of that key, it is a gap, or it is for something else: a prior that
            rests on a figure cannot be validated against it.
        """
        record = self[key]
        if record.status == "gap":
            raise EvidenceError([Mistake("evidence", "is a gap: no prior can rest on it", key)])
        if "prior" not in record.use:
            rule = f"is for {' and '.join(record.use)}: no prior may rest on it"
            raise EvidenceError([Mistake("evidence", rule, key)])
        return record

    def __str__(self) -> str:
        """A line for each figure, by row, with its mark; recalled DOIs are marked too."""
        status = Counter(record.mark for record in self.records)
        use = {use: len(self.of_use(use)) for use in get_args(Use)}
        lines = [
            f"{len(self.records)} records from {len(self.sources)} sources",
            f"  {', '.join(f'{count} {name}' for name, count in status.items())}",
            f"  for {', '.join(f'{name} {count}' for name, count in use.items())}",
        ]
        width = max((len(record.key) for record in self.records), default=0)
        for record in sorted(self.records, key=_place):
            cited = self.sources[record.source].citation if record.source else "no source"
            lines.append(f"  {record.row:<6}{record.key:<{width}}  {record}; {cited}")
        unsure = [source for source in self.sources.values() if source.doi_status]
        return "\n".join([*lines, *(f"  {source}" for source in unsure)])


def load_evidence(
    folder: Folder | None = None, instruments: Collection[str] | None = None
) -> EvidenceLibrary:
    """Read evidence, every file at once, and check it.

    Parameters
    ----------
    folder
        Holds ``sources.yaml`` and files of records; a `pathlib.Path` will do. None for what ships
        with the project.
    instruments
        Names of the known instruments. They are handed in because the catalogue lies above this
        package; without them the names are not checked.

    Raises
    ------
    EvidenceError
        Lists everything found wrong, each with file, key, field and rule.

    Examples
    --------
    >>> load_evidence()["selfback_rmdq_difference_3mo"].estimate
    0.79
    """
    folder = shipped() if folder is None else folder
    sources = load_sources(folder)
    found: list[tuple[str, EvidenceRecord]] = []
    wrong: list[Mistake] = []
    for name in record_files(folder):
        file = shown(folder, name)
        for number, entry in enumerate(entries(folder, name, list), start=1):
            given = entry.get("key") if isinstance(entry, dict) else None
            key = f"record {number}" if given is None else str(given)
            try:
                found.append((file, EvidenceRecord.model_validate(entry)))
            except ValidationError as error:
                wrong.extend(mistakes(error, file, key, EvidenceRecord.model_fields))
    wrong.extend(_repeated(found))
    for file, record in found:
        wrong.extend(_unknown(file, record, sources, instruments))
    # a record that was refused may be the one that cites a source
    if not wrong:
        wrong.extend(_unused(shown(folder, SOURCES), sources, [record for _, record in found]))
    if wrong:
        raise EvidenceError(wrong)
    return EvidenceLibrary(sources, tuple(record for _, record in found))


def _place(record: EvidenceRecord) -> tuple[int, ...]:
    return tuple(int(part) for part in record.row.split("."))


def _cited(record: EvidenceRecord) -> tuple[str, ...]:
    return (*([record.source] if record.source else []), *record.also_in)


def _repeated(found: list[tuple[str, EvidenceRecord]]) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for file, record in found:
        if record.key in first:
            yield Mistake(file, f"stands already in {first[record.key]}", record.key, "key")
        first.setdefault(record.key, file)


def _unknown(
    file: str,
    record: EvidenceRecord,
    sources: Mapping[str, Source],
    instruments: Collection[str] | None,
) -> Iterator[Mistake]:
    """Names that nothing has, and figures read in works of which nothing was read."""
    for source in _cited(record):
        if source not in sources:
            remedy = f"Add it to {SOURCES}.{nearest(source, sources)}"
            yield Mistake(file, "is not a source", record.key, "source", source, remedy)
        elif record.status == "read" and not sources[source].read:
            rule = "cannot be read: nothing was read of its source"
            yield Mistake(file, rule, record.key, "status", remedy="Write status: recalled.")
    if instruments is None:
        return
    for field in ("instrument", "other_instrument"):
        name = getattr(record, field)
        if name is not None and name not in instruments:
            remedy = f"Instruments: {', '.join(instruments)}.{nearest(name, instruments)}"
            yield Mistake(file, "is not an instrument", record.key, field, name, remedy)


def _unused(
    file: str, sources: Mapping[str, Source], records: list[EvidenceRecord]
) -> Iterator[Mistake]:
    used = {source for record in records for source in _cited(record)}
    for key in sources:
        if key not in used:
            yield Mistake(file, "is cited by no record", key, remedy="Cite it or leave it out.")
