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
