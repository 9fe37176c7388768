"""Every published contrast that was used, looked for again in simulated trials of its design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from priors import EvidenceLibrary, load_elicited_effects, load_evidence
from priors.cite import citation
from scenarios import Intervention, centre, load_scenario
from twin.errors import check_names

from .published import Contrast, contrast, pain_free_contrast
from .question import QUESTIONS, Question
from .trial import OUTCOMES, TrialDesign, simulate_trials
from .work import FIRST, LASTING, Workers, log_ratios

CLOSE = 0.1
"""Standard errors of a published estimate within which simulated trials must find it."""

IMPROVED_POINTS = 4
RESPONDERS = ("selfback_responders_app_3mo", "selfback_responders_usual_care_3mo")
"""Shares that improved by so many points of RMDQ: never fitted to."""

WORKPLACE, RESPONSE = "Workplace", "selfBACK, responders"
"""Names of what is looked for beside the trials of `TRIALS`."""

_GROUPS = 5  # of workers, so that the Monte-Carlo error can be told

_ASSUMED_ARM = 150
"""People in an arm where no number was collected: the mean does not depend on it."""


@dataclass(frozen=True)
class Published:
    """A trial whose contrast was used.

    Attributes
    ----------
    question
        Name of the effect that rests on it; see `question.QUESTIONS`.
    intervention
        Whose uptake, schedule and pace are simulated.
    given
        Key of the contrast that the simulated effect is set to; None for the difference in means
        behind the shares that the question rests on.
    later
        Key of a later contrast of the same trial that is looked for; None for `given` itself.
    people, arms
        Key of the number of people, and the number of arms that it is of; None where none was
        collected.
    entry, missing
        Keys of the entry criterion and of the share, percent, not followed; None where not
        collected: then everyone enters, or comes.
    """

    question: str
    intervention: str
    given: str | None
    later: str | None = None
    people: str | None = None
    arms: int = 2
    entry: str | None = None
    missing: str | None = None

    @property
    def found(self) -> str | None:
        """Key of the contrast that is looked for."""
        return self.given if self.later is None else self.later


def _beam(arm: str, question: str, intervention: str, months: int) -> Published:
    return Published(
        question,
        intervention,
        given=f"uk_beam_{arm}_rmdq_difference_3mo",
        later=f"uk_beam_{arm}_rmdq_difference_{months}mo",
        missing=f"dropout_uk_beam_{months}mo",
    )


_EXERCISE = ("exercise_disability", "exercise")
_MANUAL = ("manual_therapy_disability", "manual_therapy")
_START_BACK = "start_back_rmdq_difference_4mo"

TRIALS: Mapping[str, Published] = MappingProxyType(
    {
        "selfBACK": Published(
            "selfback_disability",
            "selfback",
            "selfback_rmdq_difference_3mo",
            people="selfback_randomised",
            entry="selfback_entry_rmdq",
            missing="selfback_missing_3mo",
        ),
        "STarT Back": Published(
            "stratified_care_disability", "stratified_care", _START_BACK, people="start_back_people"
        ),
        "STarT Back, 12 months": Published(
            "stratified_care_disability",
            "stratified_care",
            _START_BACK,
            later="start_back_rmdq_difference_12mo",
            people="start_back_people",
        ),
        "SPLIT": Published(
            "stratified_care_disability",
            "stratified_care",
            "split_rmdq_difference_adjusted",
            people="split_people",
        ),
        "SPLIT, pain": Published(
            "stratified_care_pain",
            "stratified_care",
            "split_nprs_difference_adjusted",
            people="split_people",
        ),
        "RESTORE": Published(
            "cft_disability",
            "cognitive_functional_therapy",
            "restore_cft_rmdq_difference_13wk",
            people="restore_randomised",
            arms=3,
            entry="restore_entry_nrs",
        ),
        "UK BEAM, exercise": _beam("exercise", *_EXERCISE, 3),
        "UK BEAM, exercise, 12 months": _beam("exercise", *_EXERCISE, 12),
        "UK BEAM, manipulation": _beam("manipulation", *_MANUAL, 3),
        "UK BEAM, manipulation, 12 months": _beam("manipulation", *_MANUAL, 12),
        "Exercise review": Published(*_EXERCISE, "exercise_function_difference"),
        "Exercise review, pain": Published("exercise_pain", "exercise", "exercise_pain_difference"),
        "Pain education": Published(
            "pain_education_disability",
            "pain_education_physiotherapy",
            "pne_physio_rmdq_difference",
            people="pne_trials",
        ),
        "Pain education, pain": Published(
            "pain_education_pain",
            "pain_education_physiotherapy",
            "pne_physio_pain_difference",
            people="pne_trials",
        ),
        "Boulder, pain reprocessing": Published(
            "pain_reprocessing_pain",
            "pain_reprocessing_borrowed",
            None,
            people="boulder_usual_care_nrs_between_sd",
            arms=1,
        ),
    }
)
"""By the name that the table prints; of reviews, one trial with all people that were counted."""


class Row(NamedTuple):
    """What simulated trials of one design find, in the unit of the question."""

    name: str
    unit: str
    published: Contrast
    mean: float
    error: float
    """Monte-Carlo error of the mean."""

    @property
    def off(self) -> float:
        """Distance of the mean from the published estimate, in published standard errors."""
        return (self.mean - self.published.estimate) / self.published.error


def design_of(library: EvidenceLibrary, trial: Published) -> TrialDesign:
    """Design of a trial, from the records that describe it."""
    treated, control = _arms(library, trial)
    entry = None
    if trial.entry is not None:
        asked = library[trial.entry]
        entry = (
            next(name for name, scale in OUTCOMES.items() if scale.name == asked.instrument),
            float(asked.estimate or 0),
        )
    return TrialDesign(
        treated=treated,
        control=control,
        outcome=QUESTIONS[trial.question].target,
        week=week_of(library, trial.found, QUESTIONS[trial.question]),
        entry=entry,
        missing=0.0 if trial.missing is None else (library[trial.missing].estimate or 0) / 100,
    )


def week_of(library: EvidenceLibrary, key: str | None, question: Question) -> float:
    """Week of a contrast: as printed, or as its question takes it."""
    printed = None if key is None else library[key].weeks
    return question.at_week if printed is None else printed


def published_contrast(library: EvidenceLibrary, key: str | None, question: Question) -> Contrast:
    """Return a published contrast in the unit of its question; None for that behind its shares."""
    if key is None:
        treated, control, *spread = map(library.prior, question.shares)
        return pain_free_contrast(treated, control, spread)
    return contrast(library.prior(key), question.unit)


def as_published(library: EvidenceLibrary, trial: Published) -> Intervention:
    """Return the intervention with the effect of one trial, before any discount or pooling."""
    question = QUESTIONS[trial.question]
    whole = load_scenario(trial.intervention).interventions[0].model_dump()
    effect = {
        "target": question.target,
        "unit": question.unit,
        "instrument": question.instrument,
        "at_week": week_of(library, trial.given, question),
        "distribution": {
            "family": "normal",
            "mean": published_contrast(library, trial.given, question).estimate,
            "sd": 1e-9,  # the estimate itself, whose error the trials' own chance replaces
        },
        "label": "borrowed",
        "source": citation(question.keys if trial.given is None else (trial.given,), library),
    }
    return Intervention.model_validate(whole | {"effects": [effect]})


def simulate_row(library: EvidenceLibrary, name: str, replicates: int) -> Row:
    """Simulate the trials of one design."""
    trial = TRIALS[name]
    question = QUESTIONS[trial.question]
    design = design_of(library, trial)
    found = simulate_trials(design, as_published(library, trial), replicates, seed=1)
    points = 1.0 if question.unit == "score" else OUTCOMES[design.outcome].range
    mean, error = found.mean()
    published = published_contrast(library, trial.found, question)
    unit = str(question.instrument) if question.unit == "score" else "of the scale"
    return Row(name, unit, published, mean / points, error / points)


def workplace_rows(library: EvidenceLibrary, people: int = 20_000) -> tuple[Row, Row]:
    """Follow other workers than those whose futures gave the shifts: first and lasting return."""
    effects = load_elicited_effects()
    shifts = [centre(effects[f"workplace_{name}"].same) for name in ("first_return", "relapse")]
    found = np.array(
        [log_ratios(Workers.of(people, seed), *shifts) for seed in range(2, 2 + _GROUPS)]
    )
    error = found.std(axis=0, ddof=1) / np.sqrt(_GROUPS)
    first, lasting = (
        Row(
            f"Workplace, {what} return",
            "log hazard ratio",
            contrast(library.prior(key), "log_hazard_ratio"),
            float(found[:, place].mean()),
            float(error[place]),
        )
        for place, (what, key) in enumerate((("first", FIRST), ("lasting", LASTING)))
    )
    return first, lasting


def responders(
    library: EvidenceLibrary, replicates: int, seed: int = 2
) -> dict[str, tuple[float, float, float]]:
    """Share that improved in each arm of the selfBACK trial: published, and a 90 % interval."""
    trial = TRIALS["selfBACK"]
    intervention = load_scenario(trial.intervention, setting="same").interventions[0]
    found = simulate_trials(design_of(library, trial), intervention, replicates, seed)
    shares = found.improved(IMPROVED_POINTS)
    result = {}
    for arm, key in enumerate(RESPONDERS):
        low, high = np.quantile(shares[:, arm], [0.05, 0.95])
        result[key] = ((library[key].estimate or 0) / 100, float(low), float(high))
    return result


def run_trials(replicates: int, only: Sequence[str] = ()) -> int:
    """Print the table of all trials, or of some; return 1 where one is missed.

    Parameters
    ----------
    replicates
        Trials simulated of each.
    only
        Names of those that are wanted, from `TRIALS` or `WORKPLACE` or `RESPONSE`; empty for all.

    Raises
    ------
    InputError
        If a name is none of these.
    """
    known, missed = (*TRIALS, WORKPLACE, RESPONSE), list[str]()
    check_names("--only", only, known, "is no trial that was simulated", "command line")
    wanted = only or known
    library = load_evidence()
    print(f"{'trial':<34}{'published (SE)':<20}{'simulated (error)':<22}off, SE  unit")
    for name in TRIALS:
        if name in wanted:
            missed += _told(simulate_row(library, name, replicates))
    for row in workplace_rows(library) if WORKPLACE in wanted else ():
        missed += _told(row)
    if RESPONSE in wanted:
        missed += _told_responders(library, replicates)
    print(f"\nmissed: {', '.join(missed)}" if missed else "\nnone missed")
    return int(bool(missed))


def _told_responders(library: EvidenceLibrary, replicates: int) -> list[str]:
    """Print shares of responders, and return the names of those that were missed."""
    missed = []
    print(f"\nImproved by {IMPROVED_POINTS} points of RMDQ at 3 months, not fitted to")
    for key, (published, low, high) in responders(library, replicates).items():
        print(f"{key:<34}{published:.2f}, predicted {low:.2f} to {high:.2f} (90 %)")
        if not low <= published <= high:
            missed.append(key)
    return missed


def _told(row: Row) -> list[str]:
    """Print a row, and return its name if it was missed."""
    printed = f"{row.published.estimate:.3g} ({row.published.error:.2g})"
    simulated = f"{row.mean:.3g} ({row.error:.1g})"
    print(f"{row.name:<34}{printed:<20}{simulated:<22}{row.off:+7.3f}  {row.unit}", flush=True)
    return [row.name] if abs(row.off) > CLOSE else []


def _arms(library: EvidenceLibrary, trial: Published) -> tuple[int, int]:
    """People treated and not, from a number by arm or from one of all arms."""
    if trial.people is None:
        return _ASSUMED_ARM, _ASSUMED_ARM
    record = library[trial.people]
    comparison = None if trial.given is None else library[trial.given].comparison
    if isinstance(record.n, Mapping) and comparison is not None:
        return record.n[comparison.treatment], record.n[comparison.control]
    of_all = record.n if isinstance(record.n, int) else int(record.estimate or 0)
    return of_all // trial.arms, of_all // trial.arms
