"""Sets of priors as data in `priors/sets`, chosen by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from importlib import resources
from typing import Any

import yaml

from .cite import cited
from .elicited_beliefs import ElicitedChoice, elicited_beliefs
from .evidence import EvidenceLibrary, load_evidence
from .evidence_files import Folder
from .leave_out import leaving_out, own_cohorts
from .near import nearest
from .prior import Belief, Prior
from .prior_set import PriorSet
from .strict_yaml import StrictLoader
from .widen import Widening, widened_set


def shipped_sets() -> Folder:
    """Return the folder of the sets that ship with the project."""
    return resources.files("priors").joinpath("sets")


def prior_set_names(folder: Folder | None = None) -> tuple[str, ...]:
    """Names of the sets in a folder; None for those that ship with the project."""
    files = (shipped_sets() if folder is None else folder).iterdir()
    return tuple(sorted(f.name.removesuffix(".yaml") for f in files if f.name.endswith(".yaml")))


def load_prior_set(
    name: str,
    left_out: Collection[str] = (),
    *,
    folder: Folder | None = None,
    evidence: EvidenceLibrary | None = None,
) -> PriorSet:
    """Read a set of priors by name.

    A set with a `base` is that set, widened where it says so, with what was elicited and then what
    it says itself in place of what the base says. What a parameter is, its unit and meaning, stands
    in the base alone.

    Parameters
    ----------
    name
        Of a file in the folder.
    left_out
        Cohorts that published figures may come from, as `Source.cohort` names them: what such
        figures say is left out, because a cohort must not inform the priors of its own fit.
    folder
        Of the sets; None for those that ship with the project.
    evidence
        That the sets cite; None for what ships with the project.

    Raises
    ------
    ValueError
        When there is no set of that name, or it says something impossible: a parameter that its
        base lacks, evidence that nobody has or that is for validation alone, nothing in place of a
        cohort's own figures. The message names the set, the parameter and, for names, the nearest.

    Examples
    --------
    >>> print(load_prior_set("literature")["set_point_mean"].distribution)
    normal(mean 0.3, sd 0.15)
    """
    folder = shipped_sets() if folder is None else folder
    evidence = _shipped_evidence() if evidence is None else evidence
    found = _read(name, folder)
    _check_evidence(found, evidence)
    left: dict[str, list[str]] = {}
    parameters: dict[str, Prior] = {}
    for parameter, prior in found.parameters.items():
        kept, own = prior, sorted(prior.without.keys() & set(left_out))
        if len(own) > 1:
            both = " and ".join(own)
            raise ValueError(f"prior set '{name}', {parameter}: nothing is stated without {both}.")
        for cohort in own:
            kept = leaving_out(prior, cohort, evidence)
            left.setdefault(cohort, []).append(parameter)
        parameters[parameter] = _with_citations(kept, evidence)
    notes = tuple(f"without what came from {one}: {', '.join(own)}" for one, own in left.items())
    retest = _with_citations(found.retest, evidence)
    return found.model_copy(update={"notes": notes, "retest": retest, "parameters": parameters})


@cache
def _shipped_evidence() -> EvidenceLibrary:
    return load_evidence()


def _with_citations[B: Belief](belief: B, evidence: EvidenceLibrary) -> B:
    return belief.model_copy(update={"cited": cited(belief.evidence, evidence)})


def _check_evidence(found: PriorSet, evidence: EvidenceLibrary) -> None:
    """Refuse figures that no prior may rest on, and a cohort's own that cannot be left out."""
    for name, belief in {"retest": found.retest, **found.parameters}.items():
        where = f"prior set '{found.name}', {name}"
        for key in belief.evidence:
            try:
                evidence.prior(key)
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from error
        own = own_cohorts(belief, evidence)
        stated = belief.without if isinstance(belief, Prior) else {}
        for cohort in own.keys() - stated.keys():
            raise ValueError(
                f"{where}: rests on figures of cohort {cohort} ({', '.join(own[cohort])}), which a "
                f"fit of {cohort} must leave out. Say under `without` what is believed then."
            )


def _read(name: str, folder: Folder) -> PriorSet:
    names = prior_set_names(folder)
    if name not in names:
        hint = nearest(name, names)
        raise ValueError(f"unknown prior set '{name}'. Prior sets: {', '.join(names)}.{hint}")
    text = folder.joinpath(f"{name}.yaml").read_text("utf-8")
    given: dict[str, Any] = yaml.load(text, StrictLoader)
    if "base" not in given:
        return PriorSet.model_validate({"name": name, **given})
    base = _read(given.pop("base"), folder)
    if "widen" in given:
        rule = Widening.model_validate(given.pop("widen"))
        _refuse_unknown(name, rule.keep, base)
        base = widened_set(base, rule)
    own = given.pop("parameters", {})
    if "elicited" in given:
        own = elicited_beliefs(ElicitedChoice.model_validate(given.pop("elicited"))) | own
    _refuse_unknown(name, own, base)
    stated = {parameter: _meaning(base[parameter]) | entry for parameter, entry in own.items()}
    parameters = {**base.parameters, **stated}
    inherited = {"name": name, "retest": base.retest}
    return PriorSet.model_validate({**inherited, **given, "parameters": parameters})


def _meaning(prior: Prior) -> dict[str, Any]:
    """What a parameter is, whatever is believed of it."""
    return prior.model_dump(include={"unit", "meaning", "entries"})


def _refuse_unknown(name: str, parameters: Iterable[str], base: PriorSet) -> None:
    for parameter in parameters:
        if parameter not in base.parameters:
            hint = nearest(parameter, base.parameters)
            raise ValueError(f"prior set '{name}': its base has no parameter '{parameter}'.{hint}")
