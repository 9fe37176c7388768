"""What is asked of the evidence: each effect that interventions cite, and on what it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

APART: Mapping[str, float] = MappingProxyType({"severity": 0.03, "log_hazard_ratio": 0.2})
"""SD of the half-normal prior of the SD of an effect between settings.

Of outcomes 0.7 points of RMDQ or 0.3 of NRS, which is as much as a usual effect is (0.8 to 1.9
points, evidence 1.2, 3.2, 3.26): a setting can undo one. Of a hazard ratio 20 %, two fifths of the
log of the published 1.55 (evidence 8.5). Assumed.
"""

NOTHING: Mapping[str, float] = MappingProxyType({"severity": 0.06, "log_hazard_ratio": 0.5})
"""SD of the sceptical component about no effect: 1.4 points of RMDQ or 0.6 of NRS, so that 95 % lie
within twice the usual effect either way; hazard ratios of 0.38 to 2.7. Assumed."""

PRIORS = "literature"
"""Set of priors that is believed of what is not elicited, and of people who are simulated."""

USUAL_DOUBT = 0.2
"""Weight of the sceptical component elsewhere: one effect in five is not found again. Assumed."""

HALF = 0.5
"""Weight of it where the evidence is cautioned against, everywhere; or against its transport."""


@dataclass(frozen=True)
class Question:
    """One effect that is wanted.

    Attributes
    ----------
    target, unit, instrument, at_week
        As of `scenarios.Effect`.
    evidence
        Keys of the contrasts that are pooled, that of the setting ``same`` first.
    shares
        Instead: keys of the shares free of pain under treatment and control, and of the SDs of
        pain between people and within.
    wider
        Factor on `APART` and `NOTHING`, where more than a setting differs.
    doubt
        Weight of the sceptical component elsewhere.
    note
        What else was assumed, and why.
    """

    target: Literal["pain", "disability"]
    unit: Literal["score", "severity"]
    at_week: float
    evidence: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    instrument: str | None = None
    wider: float = 1.0
    doubt: float = USUAL_DOUBT
    note: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Everything that it rests on."""
        return (*self.evidence, *self.shares)


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "selfback_disability": Question(
            "disability", "score", 13, ("selfback_rmdq_difference_3mo",), instrument="rmdq"
        ),
        "digital_disability": Question(
            "disability",
            "score",
            13,
            ("selfback_rmdq_difference_3mo",),
            instrument="rmdq",
            wider=2.0,
            doubt=HALF,
            note="one app speaks for a class: apart by twice as much, and half believed",
        ),
        "stratified_care_disability": Question(
            "disability",
            "score",
            17.3333,
            ("start_back_rmdq_difference_4mo", "split_rmdq_difference_adjusted"),
            instrument="rmdq",
            doubt=HALF,
            note=(
                "later trials elsewhere found less (note of evidence 3.2), without a number: half "
                "believed; the second estimate is over 6 months and counted at 4"
            ),
        ),
        "stratified_care_pain": Question(
            "pain",
            "score",
            26,
            ("split_nprs_difference_adjusted",),
            instrument="pain_nrs",
            doubt=HALF,
        ),
        "cft_disability": Question(
            "disability",
            "score",
            13,
            ("restore_cft_rmdq_difference_13wk",),
            instrument="rmdq",
            doubt=HALF,
            note="three to four times the effects of other trained physiotherapists: half believed",
        ),
        "exercise_disability": Question(
            "disability",
            "severity",
            13,
            ("uk_beam_exercise_rmdq_difference_3mo", "exercise_function_difference"),
            note="the review's time is not printed: taken as 3 months",
        ),
        "exercise_pain": Question(
            "pain",
            "severity",
            13,
            ("exercise_pain_difference",),
            note="its time is not printed: taken as 3 months",
        ),
        "manual_therapy_disability": Question(
            "disability",
            "score",
            13,
            ("uk_beam_manipulation_rmdq_difference_3mo",),
            instrument="rmdq",
        ),
        "pain_education_disability": Question(
            "disability",
            "score",
            13,
            ("pne_physio_rmdq_difference",),
            instrument="rmdq",
            doubt=HALF,
            note="direction and time are not printed: taken as a benefit at 3 months",
        ),
        "pain_education_pain": Question(
            "pain",
            "severity",
            13,
            ("pne_physio_pain_difference",),
            doubt=HALF,
            note="direction and time are not printed: taken as a benefit at 3 months",
        ),
        "pain_reprocessing_pain": Question(
            "pain",
            "score",
            4,
            shares=(
                "boulder_pain_free_pain_reprocessing_4wk",
                "boulder_pain_free_usual_care_4wk",
                "boulder_usual_care_nrs_between_sd",
                "boulder_usual_care_nrs_within_sd",
            ),
            instrument="pain_nrs",
            note=(
                "the difference in means that turns one share free of pain into the other, scores "
                "taken as normal with one SD"
            ),
        ),
    }
)
"""By the name under which interventions cite them."""

LASTING: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "stratified_care_lasting_share": (
            "stratified_care",
            "start_back_rmdq_difference_4mo",
            "start_back_rmdq_difference_12mo",
        ),
        "exercise_lasting_share": (
            "exercise",
            "uk_beam_exercise_rmdq_difference_3mo",
            "uk_beam_exercise_rmdq_difference_12mo",
        ),
        "manual_therapy_lasting_share": (
            "manual_therapy",
            "uk_beam_manipulation_rmdq_difference_3mo",
            "uk_beam_manipulation_rmdq_difference_12mo",
        ),
    }
)
"""Lasting shares: the intervention whose schedule counts, its earlier and its later contrast."""
