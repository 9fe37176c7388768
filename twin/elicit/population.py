"""All that evidence says of people and their course, as priors on the model's parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from priors import Distribution, EvidenceLibrary, LogNormal, Normal
from priors.cite import citation
from priors.elicited_population import ElicitedParameter, PopulationEvidence, Reproduced
from twin.law.grid import Floats

from . import between_outcomes, natural_history, retest, settings, spread
from .between_outcomes import Levels, between_levels
from .classes import CLASSES
from .natural_history import PainCourse, course_keys, pain_course
from .reproduced import of_course, of_disability, of_pain_spread, reproduced, rounded
from .retest import Pooled
from .shelf import Shelf
from .spread import DisabilityCourse, disability_course

COMMAND = "python -m twin.elicit natural_history"
OUTCOMES = ("pain", "disability")

_DESCRIPTION = (
    "Centres: where the law gives the published figures (reproduces). Widths: how far a new "
    "setting may lie from them, never a study's own standard error: the spread of such figures "
    "between published settings (means at entry, SDs at entry, retest errors; half as wide again "
    "where certainty is called very low), carried back through the slopes of the law; beyond what "
    "figures tell, the weak beliefs of twin/elicit/weak.py. UK BEAM without an entry criterion: "
    "none is recorded. Disability by class: no figure but the sign of row 7.6, so that classes are "
    "assumed to differ in it as they do in pain, give or take as much."
)


@dataclass(frozen=True)
class _Found:
    """Every match, with all the evidence or without a cohort's."""

    shelf: Shelf
    retest: Mapping[str, Pooled]
    pain: PainCourse
    disability: DisabilityCourse
    levels: Levels


def elicit(library: EvidenceLibrary) -> PopulationEvidence:
    """Turn the evidence on people and their course into priors.

    The same evidence gives the same numbers: nothing is drawn at random.
    """
    full = _found(Shelf(library))
    used = {str(library[key].source) for key in _all_keys()}
    cohorts = sorted({one for source in used if (one := library.sources[source].cohort)})
    without = {cohort: _found(Shelf(library, cohort)) for cohort in cohorts}

    def entry(make: Callable[[_Found], Distribution], **said: Any) -> ElicitedParameter:
        own = make(full)
        others = {cohort: make(found) for cohort, found in without.items()}
        changed = {cohort: other for cohort, other in others.items() if other != own}
        keys = said["evidence"]
        source = f"{citation(keys, library)}{said.pop('remark', '')}"
        return ElicitedParameter(
            distribution=own, label="borrowed", source=source, without=changed, **said
        )

    return PopulationEvidence(
        description=_DESCRIPTION,
        command=COMMAND,
        outcomes=OUTCOMES,
        parameters=_parameters(full, entry),
        classes={name: _of_class(full, entry, name) for name in CLASSES},
        correlations=_correlations(full, entry),
        instruments=_instruments(full, entry),
    )


type _Entry = Callable[..., ElicitedParameter]


def _found(shelf: Shelf) -> _Found:
    spreads = retest.pooled(shelf)
    of = {name: float(np.exp(one.log_centre)) for name, one in spreads.items()}
    return _Found(
        shelf,
        spreads,
        pain_course(shelf, of[natural_history.INSTRUMENT]),
        disability_course(shelf, of[spread.INSTRUMENT]),
        between_levels(shelf),
    )


_MEANINGS = {
    "start_mean": ("severity", "mean level at baseline, of everyone who could have been enrolled"),
    "set_point_mean": ("severity", "mean level that people tend to without an intervention"),
    "log_rate_mean": ("log per week", "mean log rate of the approach to the set point"),
    "start_sd": ("severity", "between-person SD of the start"),
    "set_point_sd": ("severity", "between-person SD of the set point"),
}
_COURSE_KEYS = tuple(key for name in CLASSES for key in course_keys(name))
_ERRORS = tuple(study.error for study in retest.STUDIES)
_MIX_KEYS = tuple(key for keys in natural_history.MIX.values() for key in keys)
_BY_CLASS = "; disability by class assumed to differ as pain does (row 7.6 tells a sign only)"


def _parameters(full: _Found, entry: _Entry) -> dict[str, ElicitedParameter]:
    told = {}
    for i, name in enumerate(natural_history.MEANS):
        told[name] = entry(
            lambda found, i=i: _normal(_all_classes(found.pain, i), _disability(found, i)),
            unit=_MEANINGS[name][0],
            meaning=_MEANINGS[name][1],
            evidence=_unique(_COURSE_KEYS, _MIX_KEYS, spread.MEANS, _settings()),
            reproduces=of_disability(full.shelf, full.disability),
        )
    for name in ("start_sd", "set_point_sd"):
        told[name] = entry(
            lambda found, name=name: _log_normal(
                (_total_sd(found.pain, name), found.pain.log_sd[name]),
                (np.exp(found.disability.centre[name]), found.disability.sd[name]),
            ),
            unit=_MEANINGS[name][0],
            meaning=_MEANINGS[name][1],
            evidence=_sd_keys(),
            reproduces=(
                *of_pain_spread(full.shelf, full.pain),
                *of_disability(full.shelf, full.disability),
            ),
        )
    told["spread"] = entry(
        lambda found: _log_normal(
            _over_instruments(found, ["pain_nrs"]), _over_instruments(found, ["rmdq", "odi"])
        ),
        unit="severity",
        meaning="SD of a score about the person's level, flare and error together, any instrument",
        evidence=_ERRORS,
    )
    return told


def _of_class(full: _Found, entry: _Entry, name: str) -> dict[str, ElicitedParameter]:
    at = CLASSES.index(name)
    told = {}
    for i, parameter in enumerate(natural_history.MEANS):
        told[parameter] = entry(
            lambda found, i=i: _normal(
                (found.pain.classes[at, i], found.pain.sd[at, i]),
                _disability_of_class(found, at, i),
            ),
            unit=_MEANINGS[parameter][0],
            meaning=f"{_MEANINGS[parameter][1]}; {name} at entry",
            evidence=_unique(course_keys(name), spread.MEANS, _settings()),
            reproduces=of_course(full.shelf, full.pain, name),
            remark=_BY_CLASS,
        )
    for parameter in ("start_sd", "set_point_sd"):
        told[parameter] = entry(
            lambda found, parameter=parameter: _log_normal(
                (_within_sd(found, "pain", parameter), found.pain.log_sd[parameter]),
                (_within_sd(found, "disability", parameter), found.disability.sd[parameter]),
            ),
            unit="severity",
            meaning=f"{_MEANINGS[parameter][1]} within an episode class",
            evidence=_sd_keys(),
            reproduces=of_pain_spread(full.shelf, full.pain),
            remark=_BY_CLASS,
        )
    return told


def _correlations(full: _Found, entry: _Entry) -> dict[str, ElicitedParameter]:
    return {
        "start_set_point": entry(
            lambda found: _normal(
                (
                    np.arctanh(found.pain.natural["acute"].correlation),
                    found.pain.log_sd["correlation"],
                ),
                (found.disability.centre["correlation"], found.disability.sd["correlation"]),
            ),
            unit="Fisher's z",
            meaning="correlation of a person's start with the set point of the same outcome",
            evidence=_unique(_sd_keys(), spread.CORRELATIONS),
            reproduces=(
                *of_pain_spread(full.shelf, full.pain),
                *of_disability(full.shelf, full.disability),
            ),
        ),
        "pain_disability": entry(
            lambda found: Normal(mean=rounded(found.levels.z), sd=rounded(found.levels.sd)),
            unit="Fisher's z",
            meaning="correlation of a person's level of pain with that of disability",
            evidence=between_outcomes.KEYS,
            reproduces=tuple(
                reproduced(full.shelf, key, engine) for key, engine in full.levels.predicted.items()
            ),
        ),
    }


def _instruments(full: _Found, entry: _Entry) -> dict[str, ElicitedParameter]:
    return {
        name: entry(
            lambda found, name=name: LogNormal(
                median=rounded(np.exp(found.retest[name].log_centre)),
                log_sd=rounded(found.retest[name].log_sd),
            ),
            unit="severity",
            meaning=f"SD of a score of {name} about the person's level, flare and error together",
            evidence=_ERRORS,  # the width is common to all instruments
            reproduces=tuple(
                reproduced(full.shelf, study.error, engine)
                for study, engine in zip(one.studies, one.predicted, strict=True)
            ),
        )
        for name, one in full.retest.items()
    }


def _all_classes(pain: PainCourse, i: int) -> tuple[float, float]:
    """Mean and SD of a parameter over people of all classes; their difference is in the SD."""
    share, mean, sd = _shares(pain), pain.classes[:, i], pain.sd[:, i]
    centre = float(share @ mean)
    return centre, float(np.sqrt(share @ (sd**2 + (mean - centre) ** 2)))


def _disability(found: _Found, i: int) -> tuple[float, float]:
    name = natural_history.MEANS[i]
    return found.disability.centre[name], found.disability.sd[name]


def _disability_of_class(found: _Found, at: int, i: int) -> tuple[float, float]:
    centre, sd = _disability(found, i)
    apart = float(found.pain.classes[at, i] - _all_classes(found.pain, i)[0])
    return centre + apart, float(np.hypot(sd, apart))


def _between_classes(pain: PainCourse, parameter: str) -> float:
    """Variance of a mean between classes, severity squared."""
    i = natural_history.MEANS.index(parameter.replace("_sd", "_mean"))
    share, mean = _shares(pain), pain.classes[:, i]
    return float(share @ (mean - share @ mean) ** 2)


def _total_sd(pain: PainCourse, parameter: str) -> float:
    within = getattr(pain.natural[CLASSES[0]], parameter)
    return float(np.sqrt(within**2 + _between_classes(pain, parameter)))


def _within_sd(found: _Found, outcome: str, parameter: str) -> float:
    if outcome == "pain":
        return float(getattr(found.pain.natural[CLASSES[0]], parameter))
    total = np.exp(found.disability.centre[parameter])
    return float(np.sqrt(total**2 - _between_classes(found.pain, parameter)))


def _shares(pain: PainCourse) -> Floats:
    return np.array([pain.shares[name] for name in CLASSES])


def _over_instruments(found: _Found, names: Sequence[str]) -> tuple[float, float]:
    """Median and log SD of the spread of an outcome that one of some instruments scores."""
    centre = {name: one.log_centre for name, one in found.retest.items()}
    own = np.mean([found.retest[name].log_sd ** 2 for name in names])
    apart = np.var(list(centre.values()), ddof=1) if len(names) > 1 else 0.0
    median = np.exp(np.mean([centre[name] for name in names]))
    return float(median), float(np.sqrt(own + apart))


def _settings() -> tuple[str, ...]:
    return (*natural_history.AT_ENTRY, *spread.AT_ENTRY, *_ERRORS)


def _sd_keys() -> tuple[str, ...]:
    pain = (*natural_history.SD_AT_ENTRY, natural_history.CHANGE_SD)
    disability = (*spread.MEANS, *spread.CORRELATIONS)
    return _unique(pain, disability, settings.SD_KEYS, _COURSE_KEYS, _ERRORS)


def _all_keys() -> tuple[str, ...]:
    entry = (*natural_history.AT_ENTRY, *spread.AT_ENTRY)
    return _unique(_sd_keys(), _MIX_KEYS, entry, between_outcomes.KEYS)


def _unique(*keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for some in keys for key in some))


def _of_spreads(full: _Found) -> tuple[Reproduced, ...]:
    """What tells how people differ, in both outcomes."""
    disability = of_disability(full.shelf, full.disability)
    return (*of_pain_spread(full.shelf, full.pain), *disability)


def _normal(*by_outcome: tuple[float, float]) -> Normal:
    mean, sd = zip(*by_outcome, strict=True)
    return Normal(mean=tuple(map(rounded, mean)), sd=tuple(map(rounded, sd)))


def _log_normal(*by_outcome: tuple[float, float]) -> LogNormal:
    median, log_sd = zip(*by_outcome, strict=True)
    return LogNormal(median=tuple(map(rounded, median)), log_sd=tuple(map(rounded, log_sd)))
