"""How the files of a cohort are to be read: what `conf/cohort/*.yaml` holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from priors.near import nearest
from twin.cohort.absence import Rounding
from twin.cohort.cohort import BODY_REGIONS, WORK_STATUSES, CovariateKind, Domain
from twin.instruments import instruments

Scalar = str | bool | int | float

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_Week = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _named_column(given: Any) -> Any:
    """Let ``week: time`` stand for ``week: {column: time}``."""
    return {"column": given} if isinstance(given, str) else given


class Column(_Frozen):
    """A column of a file; a bare name in YAML is the same as ``{column: name}``.

    Attributes
    ----------
    column
        Name in the header of the file.
    values
        What each value in the file stands for; null stands for missing. A value that is not
        listed is refused. None: the values are used as they are.
    """

    column: str
    values: dict[Scalar, Scalar | None] | None = None


class ColumnOrConstant(_Frozen):
    """A `Column`, or one value that holds for every person.

    Attributes
    ----------
    column, values
        As of a `Column`.
    empty
        What an empty cell stands for; None: no cell may be empty.
    constant
        The one value.
    """

    column: str | None = None
    values: dict[Scalar, Scalar | None] | None = None
    empty: Scalar | None = None
    constant: Scalar | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.column is None) == (self.constant is None):
            raise ValueError("must give either a column or a constant")
        if self.column is None and self.empty is not None:
            raise ValueError("has a constant, and so no empty cells")
        return self


class VisitColumn(Column):
    """A fact about a visit: its column where a row is a visit, and what the values stand for.

    Where a row is a person the `occasions` name the columns, and `values` holds for all of them.
    """

    column: str = ""


class RowFilter(_Frozen):
    """Rows to keep: `column` equals a value, is a number of at least one, or is (not) missing.

    A filter applies to each file that has the column. Dropping a person drops the visits too.
    """

    column: str
    equals: Scalar | None = None
    at_least: Annotated[float, Field(allow_inf_nan=False)] | None = None
    present: bool | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if [self.equals, self.at_least, self.present].count(None) != 2:
            raise ValueError("must give one of equals, at_least and present")
        return self


class DaysAbsentColumn(_Frozen):
    """A column of days absent from work; the meanings are those of `DaysAbsent`.

    Where a row is a person the `occasions` name the columns, as for a `VisitColumn`.
    """

    column: str = ""
    days_per_week: Annotated[float, Field(gt=0, le=7)] = 5.0
    rounding: Rounding = "nearest"
    recall_weeks: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


_Mapped = Annotated[Column, BeforeValidator(_named_column)]
_MappedDays = Annotated[DaysAbsentColumn, BeforeValidator(_named_column)]
_MappedVisit = Annotated[VisitColumn, BeforeValidator(_named_column)]
_MappedOrConstant = Annotated[ColumnOrConstant, BeforeValidator(_named_column)]


VISIT_FACTS = ("work_status", "days_absent")
"""Keys of `Columns` about a visit, besides its week; all of them are about work."""


class Columns(_Frozen):
    """Where the facts about people and visits stand.

    Attributes
    ----------
    patient
        Column of the patient id, of the same name in both files.
    week
        Weeks since the person's baseline; the baseline visit is week 0. Left out where the
        occasions give the weeks.
    arm
        Arm that the person was allocated to; None for a cohort without arms.
    cluster
        Clinic, practice or therapist; may be empty for some people.
    body_region
        ``low_back``, ``neck``, ``both`` or ``other``.
    labour_force
        Whether the person is in the labour force (true, false, 1, 0, yes, no). May be left out
        only where there are neither work status nor days absent: then nobody has a work process.
    work_status
        State at the visit: ``working``, ``restricted``, ``sick_listed``, ``permanently_out``.
    days_absent
        Days absent from work since the person's previous visit, or over a time that is stated.
    """

    patient: str
    week: _MappedVisit = VisitColumn()
    arm: _Mapped | None = None
    cluster: _Mapped | None = None
    body_region: _MappedOrConstant
    labour_force: _MappedOrConstant = ColumnOrConstant(constant=False)
    work_status: _MappedVisit | None = None
    days_absent: _MappedDays | None = None

    @field_validator("body_region")
    @classmethod
    def _constant_is_a_region(cls, given: ColumnOrConstant) -> ColumnOrConstant:
        if given.constant is not None and given.constant not in BODY_REGIONS:
            raise ValueError(f"must be one of {', '.join(BODY_REGIONS)}")
        return given

    @field_validator("labour_force")
    @classmethod
    def _constant_is_true_or_false(cls, given: ColumnOrConstant) -> ColumnOrConstant:
        if given.constant is not None and not isinstance(given.constant, bool):
            raise ValueError("must be true or false")
        return given


class OutcomeColumn(_Frozen):
    """An outcome: the instrument that scored it and the column of the scores.

    Attributes
    ----------
    instrument
        Name in the catalogue.
    column
        Column of the scores where a row is a visit; elsewhere the occasions name the columns.
    prorated
        Whether a questionnaire with items missing was scored from the rest. Such scores may lie
        between the steps of the scale; they are taken to the nearest.
    """

    instrument: str
    column: str = ""
    prorated: bool = False

    @field_validator("instrument")
    @classmethod
    def _known(cls, name: str) -> str:
        known = instruments()
        if name not in known:
            listed = ", ".join(known)
            raise ValueError(f"is not an instrument ({listed}).{nearest(name, known)}")
        return name


class Occasion(_Frozen):
    """A visit that stands beside the others in a person's one row.

    Attributes
    ----------
    week
        Weeks since the person's baseline.
    columns
        Column of each outcome, and of each other fact about a visit, that was asked then.
    """

    week: _Week
    columns: dict[_Name, str] = Field(min_length=1)


class CovariateColumn(_Frozen):
    """A fact about a person at baseline; the kinds and domains are those of `Covariate`."""

    column: str
    domain: Domain
    kind: CovariateKind
    label: str = ""
    unit: str = ""
    values: dict[Scalar, Scalar | None] | None = None


class ArmSchedule(_Frozen):
    """What an arm received and when; exactly one arm is the reference.

    Attributes
    ----------
    reference
        Whether the other arms' effects are differences from this one.
    intervention
        Name of what was given beyond the reference.
    start_week, duration_weeks, ramp_weeks
        Weeks from baseline to its start, weeks that it lasted, and weeks at its beginning over
        which its dose rose to full.
    """

    reference: bool = False
    intervention: _Name | None = None
    start_week: _Week = 0.0
    duration_weeks: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    ramp_weeks: _Week = 0.0

    @model_validator(mode="after")
    def _reference_or_schedule(self) -> Self:
        given = self.model_fields_set - {"reference"}
        if self.reference and given:
            raise ValueError(f"is the reference and so has no {', '.join(sorted(given))}")
        if not self.reference and (self.intervention is None or self.duration_weeks is None):
            raise ValueError("needs an intervention and its duration_weeks, or reference: true")
        if self.duration_weeks is not None and self.ramp_weeks > self.duration_weeks:
            raise ValueError("ramps up for longer than it lasts: lower its ramp_weeks")
        return self


class EntryThreshold(_Frozen):
    """The baseline score that a person had to have to enter the study.

    `minimum` is the mildest score admitted: at least it where a higher score is worse, at most
    it where a lower one is.
    """

    outcome: str
    minimum: float


class CohortMapping(_Frozen):
    """How the files of one cohort are to be read.

    Attributes
    ----------
    name
        Id of the cohort.
    kind
        ``tables``: the cohort stands in files.
    synthetic
        Whether the records were generated; the cohort is then called synthetic everywhere.
    patients, visits
        Files (csv, parquet, xlsx), relative to the directory that the program is started in. One
        file may serve as both: a person's facts are then taken from the earliest visit. No
        visits where there are occasions.
    occasions
        The visits, where the patients file holds one row a person with a column for each score
        and time. A person is taken to have been at an occasion if any of its columns is filled,
        and at the one of week 0 in any case.
    rows
        Which rows to keep; a row must pass every filter.
    missing
        Cell contents to be read as missing, besides empty, NA, N/A and NaN.
    columns, outcomes, covariates
        Where everything stands. The order of outcomes is kept.
    arms
        Arms by the names to which ``columns.arm`` maps; empty for a cohort without arms.
    entry
        Threshold at enrolment, where the study had one.
    excludes_evidence_from
        Ids of cohorts whose published figures come from these very people.

    Raises
    ------
    pydantic.ValidationError
        If a key is unknown or a value impossible; see `twin.errors.from_validation`.
    """

    name: _Name
    kind: Literal["tables"] = "tables"
    synthetic: bool = False
    patients: str
    visits: str = ""
    occasions: tuple[Occasion, ...] = ()
    rows: tuple[RowFilter, ...] = ()
    missing: tuple[str, ...] = ()
    columns: Columns
    outcomes: dict[_Name, OutcomeColumn] = Field(min_length=1)
    covariates: dict[_Name, CovariateColumn] = {}
    arms: dict[_Name, ArmSchedule] = {}
    entry: EntryThreshold | None = None
    excludes_evidence_from: tuple[str, ...] = ()

    @field_validator("outcomes", "covariates")
    @classmethod
    def _names_are_free(cls, named: dict[str, Any]) -> dict[str, Any]:
        taken = [name for name in named if name in Columns.model_fields]
        if taken:
            raise ValueError(f"uses reserved names: rename {', '.join(taken)}")
        return named

    @model_validator(mode="after")
    def _visits_stand_somewhere(self) -> Self:
        if bool(self.visits) == bool(self.occasions):
            raise ValueError("must give either visits or occasions")
        places = {
            "columns.week": self.columns.week.column,
            **{f"outcomes.{name}.column": given.column for name, given in self.outcomes.items()},
        }
        for fact in self.visit_facts:
            given: VisitColumn | DaysAbsentColumn | None = getattr(self.columns, fact)
            places[f"columns.{fact}.column"] = given.column if given else ""
        if self.occasions and (named := [key for key, column in places.items() if column]):
            raise ValueError(f"has occasions, which name the columns: leave out {', '.join(named)}")
        if self.visits and (unnamed := [key for key, column in places.items() if not column]):
            raise ValueError(f"has visits: needs {', '.join(unnamed)}")
        return self

    @model_validator(mode="after")
    def _occasions_are_about_what_is_followed(self) -> Self:
        weeks = [occasion.week for occasion in self.occasions]
        if len(set(weeks)) < len(weeks):
            raise ValueError("occasions: two of them have the same week")
        if weeks and 0 not in weeks:
            raise ValueError("occasions: none of them is at week 0, the baseline")
        followed = (*self.outcomes, *VISIT_FACTS)
        asked = [name for occasion in self.occasions for name in occasion.columns]
        for name in asked:
            if name not in followed:
                raise ValueError(
                    f"occasions: '{name}' is not one of {', '.join(followed)}."
                    f"{nearest(name, followed)}"
                )
        never = [name for name in self.outcomes if self.occasions and name not in asked]
        if never:
            raise ValueError(f"occasions: none of them has a column of {', '.join(never)}")
        return self

    @model_validator(mode="after")
    def _work_needs_a_labour_force(self) -> Self:
        if self.visit_facts and "labour_force" not in self.columns.model_fields_set:
            listed = ", ".join(self.visit_facts)
            raise ValueError(f"has {listed}: say who is in the labour_force")
        return self

    @model_validator(mode="after")
    def _arms_fit_together(self) -> Self:
        references = [name for name, arm in self.arms.items() if arm.reference]
        if self.arms and len(references) != 1:
            raise ValueError("arms: exactly one must have reference: true")
        if bool(self.arms) != (self.columns.arm is not None):
            raise ValueError("must give both arms and columns.arm, or neither")
        return self

    @model_validator(mode="after")
    def _values_stand_for_something(self) -> Self:
        options = {"arm": (*self.arms,), "body_region": BODY_REGIONS, "work_status": WORK_STATUSES}
        for key, allowed in options.items():
            column: Column | ColumnOrConstant | None = getattr(self.columns, key)
            for meant in (column.values or {}).values() if column else ():
                if meant is not None and meant not in allowed:
                    listed = ", ".join(allowed)
                    raise ValueError(
                        f"columns.{key}.values: '{meant}' is not one of {listed}."
                        f"{nearest(meant, allowed)}"
                    )
        return self

    @property
    def visit_facts(self) -> tuple[str, ...]:
        """Facts about a visit, besides its week and scores, that the files hold."""
        asked = {name for occasion in self.occasions for name in occasion.columns}
        return tuple(
            fact for fact in VISIT_FACTS if fact in asked or getattr(self.columns, fact) is not None
        )

    @model_validator(mode="after")
    def _entry_names_an_outcome(self) -> Self:
        if self.entry is not None and self.entry.outcome not in self.outcomes:
            hint = nearest(self.entry.outcome, self.outcomes)
            raise ValueError(
                f"entry.outcome: '{self.entry.outcome}' is not one of the outcomes "
                f"({', '.join(self.outcomes)}).{hint}"
            )
        return self
