"""The works behind published figures, said in short."""

from __future__ import annotations

from collections.abc import Iterable

from .evidence import EvidenceLibrary


def cited(keys: Iterable[str], evidence: EvidenceLibrary) -> tuple[str, ...]:
    """Return each work that figures come from once, with how surely they were read.

    Examples
    --------
    >>> from priors import load_evidence
    >>> cited(["selfback_rmdq_difference_3mo"], load_evidence())
    ('Sandal 2021 [read]',)
    """
    marks: dict[str, dict[str, None]] = {}
    for key in keys:
        record = evidence[key]
        if record.source is not None:
            marks.setdefault(record.source, {})[record.mark] = None
    return tuple(
        f"{evidence.sources[source].short} [{'; '.join(told)}]" for source, told in marks.items()
    )


def citation(keys: Iterable[str], evidence: EvidenceLibrary) -> str:
    """Return the works behind figures in one line, with the rows of the collected material.

    Rows of one work stand together where they stand alike: what was not read on a page says so.

    Examples
    --------
    >>> from priors import load_evidence
    >>> citation(["selfback_rmdq_difference_3mo"], load_evidence())
    'Sandal, 2021, JAMA Intern Med 181(10):1288-96 (evidence 1.2)'
    """
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for record in map(evidence.__getitem__, keys):
        assert record.source is not None  # only a gap has none, and nothing rests on a gap
        mark = "" if record.status == "read" else f"; {record.mark}"
        rows.setdefault((record.source, mark), {})[record.row] = None
    return "; ".join(
        f"{evidence.sources[source].citation} (evidence {', '.join(found)}{mark})"
        for (source, mark), found in rows.items()
    )
