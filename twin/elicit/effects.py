"""The elicited effects: every question answered, in each setting and without cohorts' evidence."""

from __future__ import annotations

from collections.abc import Mapping

from priors import EvidenceLibrary, EvidenceRecord, load_evidence
from priors.cite import citation
from priors.elicited import Belief, ElicitedEffect
from scenarios.load import intervention_mapping
from twin.instruments import instrument

from .course_of_effect import lasting_share
from .pool import Moments, Pooled, pool
from .published import Contrast, contrast, pain_free_contrast
from .question import APART, HALF, LASTING, NOTHING, QUESTIONS, Question
from .robust import robust
from .work import elicit_work

_CAUTIONED = ("weak", "sceptical")
_NO_EVIDENCE = "centred on none: all that was published comes from the cohort that is fitted"


def elicit_effects() -> Mapping[str, ElicitedEffect]:
    """Answer every question.

    Returns
    -------
    Mapping
        By name, ready to be written to ``priors/elicited/effects.yaml``.
    """
    library = load_evidence()
    found = {name: _elicit(library, question) for name, question in QUESTIONS.items()}
    found |= {name: _elicit_lasting(library, *keys) for name, keys in LASTING.items()}
    return {**found, **elicit_work(library)}


def scale_of(question: Question) -> float:
    """How much of the unit of a question is the whole scale of its instrument."""
    if question.unit == "severity":
        return 1.0
    assert question.instrument is not None
    return float(instrument(question.instrument).range)


def _elicit(library: EvidenceLibrary, question: Question) -> ElicitedEffect:
    records = [library.prior(key) for key in question.keys]
    belief = _belief(library, question, records)
    without = {
        cohort: _belief(
            library, question, [one for one in records if _cohort(library, one) != cohort]
        )
        for cohort in dict.fromkeys(_cohort(library, one) for one in records)
        if cohort is not None
    }
    return ElicitedEffect(
        **belief.model_dump(),
        target=question.target,
        unit=question.unit,
        instrument=question.instrument,
        at_week=question.at_week,
        method=_method(question),
        without=without,
    )


def _cohort(library: EvidenceLibrary, record: EvidenceRecord) -> str | None:
    assert record.source is not None
    return library.sources[record.source].cohort


def _belief(library: EvidenceLibrary, question: Question, records: list[EvidenceRecord]) -> Belief:
    scale = scale_of(question)
    nothing = question.wider * NOTHING["severity"] * scale
    if not records:
        alone = robust(Moments(0.0, nothing), nothing, 0)
        return Belief(
            elsewhere=alone, same=alone, evidence=(), label="assumed", source=_NO_EVIDENCE
        )
    cautioned = all(one.caution in _CAUTIONED for one in records)
    pooled = _pooled(question, records, scale)
    keys = tuple(one.key for one in records)
    return Belief(
        elsewhere=robust(pooled.elsewhere, nothing, question.doubt),
        same=robust(pooled.same, nothing, HALF if cautioned else 0),
        evidence=keys,
        label="borrowed",
        source=citation(keys, library),
    )


def _pooled(question: Question, records: list[EvidenceRecord], scale: float) -> Pooled:
    apart = question.wider * APART["severity"] * scale
    if question.shares:
        treated, control, *spread = records
        estimates = [pain_free_contrast(treated, control, spread)]
    else:
        estimates = [_as_trusted(one, contrast(one, question.unit), scale) for one in records]
    return pool([one.estimate for one in estimates], [one.error for one in estimates], apart)


def _as_trusted(record: EvidenceRecord, published: Contrast, scale: float) -> Contrast:
    """Widen what is weak evidence: it may be off by as much as settings are apart."""
    if record.caution != "weak":
        return published
    bias = APART["severity"] * scale
    return Contrast(published.estimate, (published.error**2 + bias**2) ** 0.5)


def _method(question: Question) -> str:
    studies = max(len(question.evidence), 1)  # shares make one estimate
    unit = "of the scale" if question.unit == "severity" else f"points of {question.instrument}"
    apart, nothing = (
        question.wider * table["severity"] * scale_of(question) for table in (APART, NOTHING)
    )
    said = (
        f"{studies} estimate{'s' if studies > 1 else ''} by a random-effects model, SD between "
        f"settings half-normal {apart:.2g} {unit} (assumed); elsewhere the prediction for a new "
        f"setting with a component centred on none of SD {nothing:.2g} and weight "
        f"{question.doubt:g} (assumed)"
    )
    return f"{said}; {question.note}" if question.note else said


def _elicit_lasting(
    library: EvidenceLibrary, intervention: str, earlier: str, later: str
) -> ElicitedEffect:
    records = [library.prior(key) for key in (earlier, later)]
    weeks = tuple(_weeks(one) for one in records)
    share = lasting_share(
        intervention_mapping(intervention),
        contrast(records[0], "score"),
        contrast(records[1], "score"),
        (weeks[0], weeks[1]),
    )
    return ElicitedEffect(
        elsewhere=share,
        same=share,
        evidence=(earlier, later),
        label="borrowed",
        source=citation((earlier, later), library),
        target="lasting_share",
        unit="share",
        method=(
            "mean by which a simulated trial finds the later effect, SD by that of the ratio; the "
            "waning half-life keeps its assumed distribution"
        ),
    )


def _weeks(record: EvidenceRecord) -> float:
    assert record.weeks is not None  # of every contrast of LASTING
    return record.weeks
