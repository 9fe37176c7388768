"""What the appendix shows: diagnostics as rows of words and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import xarray as xr

from twin.diagnose.power import SENSITIVE
from twin.diagnose.sensitivity import ALL_PRIORS, LIKELIHOOD
from twin.update.choose import LARGEST_K

from . import digits, effect_words, words
from .content import ReportContent
from .headline import key_weeks
from .predictive_tables import extreme_note, prior_tables, replicate_tables
from .sheet import Sheet
from .tables import tidy
from .uncertainty import uncertainty_tables

_VALUES = ("mean", "lower", "upper")
_SHOWN = ("expected_score", "improved", "days_lost")
_MOST_PARAMETERS = 12


class LeftOut(NamedTuple):
    """People left out one by one, in figures."""

    elpd: str
    error: str
    parameters: str
    limit: str
    draws: str
    high: tuple[str, ...]
    """Ids of people whose k is above the limit, the highest first."""


@dataclass(frozen=True)
class Appendix:
    """What the appendix shows; a part that was not computed is empty."""

    sentences: list[str] = field(default_factory=list)
    learnt: Sheet | None = None
    contrasts: list[Sheet] = field(default_factory=list)
    parameters: Sheet | None = None
    unreliable: tuple[str, ...] = ()
    """Components whose power-scaled weights cannot be relied on."""
    has_likelihood: bool = False
    left_out: LeftOut | None = None
    replicates: list[Sheet] = field(default_factory=list)
    extreme: str = ""
    prior: list[Sheet] = field(default_factory=list)
    uncertainty: list[Sheet] = field(default_factory=list)

    @property
    def has_diagnostics(self) -> bool:
        """Whether anything but replicates is there."""
        return self.learnt is not None


def appendix(content: ReportContent) -> Appendix:
    """Return what the appendix shows."""
    shown = Appendix(
        replicates=replicate_tables(content),
        extreme=extreme_note(content),
        prior=prior_tables(content),
        uncertainty=uncertainty_tables(content),
    )
    found = content.diagnostics
    if found is None:
        return shown
    effects = found["contraction"].to_dataset()
    power = found["power_scaling"].to_dataset()
    k = power["pareto_k"].max("power")
    high = power["component"].to_numpy()[k.to_numpy() > LARGEST_K]
    left_out = found.get("leave_one_out")
    return Appendix(
        sentences=[effect_words.sentence(effects.isel(effect=i)) for i in _rows(effects)],
        learnt=_learnt(content, effects),
        contrasts=list(_contrasts(content, found)),
        parameters=_parameters(power),
        unreliable=tuple(effect_words.plain(str(name)) for name in high),
        has_likelihood=LIKELIHOOD in power["component"].to_numpy(),
        left_out=None if left_out is None else _left_out(left_out.to_dataset()),
        replicates=shown.replicates,
        extreme=shown.extreme,
        prior=shown.prior,
        uncertainty=shown.uncertainty,
    )


def _rows(effects: xr.Dataset) -> range:
    return range(effects.sizes["effect"])


def _learnt(content: ReportContent, effects: xr.Dataset) -> Sheet:
    rows = []
    for i in _rows(effects):
        one = effects.isel(effect=i)
        factor = effect_words.factor(content, one)
        numbers = [float(one[name]) * factor for name in ("prior_mean", "posterior_mean")]
        spreads = [float(one[name]) * abs(factor) for name in ("prior_sd", "posterior_sd")]
        places = [digits.places(0.0, -sd, sd, 0.0) for sd in spreads]
        rows.append(
            (
                effect_words.title(one),
                *(
                    f"{digits.number(mean, p)} (SD {digits.number(sd, p)})"
                    for mean, sd, p in zip(numbers, spreads, places, strict=True)
                ),
                digits.number(float(one["contraction"]), 2),
                digits.number(float(one["z_score"]), 1, signed=True),
            )
        )
    head = ("Effect", "Before the data", "After the data", "Contraction", "z")
    return Sheet("How much of each effect is learnt", head, rows, words=1)


def _contrasts(content: ReportContent, found: xr.DataTree) -> Iterator[Sheet]:
    table = found["contrast_power"].to_dataset()
    if "mean" not in table:
        return
    weeks = key_weeks(content)
    meaning = _meanings(found)
    for scenario in content.others:
        rows = []
        for i in range(table.sizes["row"]):
            one = table.isel(row=i)
            at = {
                key: str(one[key].values) for key in ("scenario", "quantity", "outcome", "detail")
            }
            week = int(one["week"])
            if at.pop("scenario") != scenario.name or at["quantity"] not in _SHOWN:
                continue
            if week in weeks or at["quantity"] == "days_lost":
                rows.append(_contrast(content, one, week, meaning, **at))
        head = (
            "Quantity and week",
            "As stated",
            *(f"All priors to the power {digits.plain(float(p))}" for p in table["power"].values),
            "Moved most by the prior of",
        )
        title = f"{scenario.title} under weaker and stronger priors"
        yield Sheet(title, head, rows, words=1, last_words=True)


def _contrast(
    content: ReportContent,
    one: xr.Dataset,
    week: int,
    meaning: Mapping[str, str],
    *,
    quantity: str,
    outcome: str,
    detail: str,
) -> tuple[str, ...]:
    shown = words.quantity(content, quantity, outcome, detail)
    every = one.sel(component=ALL_PRIORS)
    triples = [[float(one[f"plain_{name}"]) for name in _VALUES]]
    for power in one["power"].values:
        scaled = every.sel(power=power)
        triples.append([float(scaled[name]) for name in _VALUES])
    scaled_up = [[shown.factor * value for value in triple] for triple in triples]
    error = _error(content, str(one["scenario"].values), quantity, outcome, detail, week)
    mean, low, high = scaled_up[0]
    p = digits.places(mean, low, high, shown.factor * error)
    cells = [
        f"{digits.number(mean, p, signed=True)} ({digits.interval(low, high, p)})"
        for mean, low, high in scaled_up
    ]
    mover = str(one["moved_most_by"].values)
    alone = one.sel(component=mover)
    if float(alone["sensitivity"]) < SENSITIVE:
        told = "none noticeably"
    else:
        shift = float(np.abs(alone["shift"]).max())
        told = f"{meaning.get(mover, mover)}, by {digits.number(shift, 2)} SD"
    unit = f" ({shown.difference_unit})" if shown.difference_unit else ""
    return (f"{shown.title}, week {week}{unit}", *cells, told)


def _error(
    content: ReportContent, scenario: str, quantity: str, outcome: str, detail: str, week: int
) -> float:
    """Return the largest Monte-Carlo error of a contrast's mean and interval."""
    table = tidy(content.contrasts)
    wanted = {"scenario": scenario, "quantity": quantity, "outcome": outcome, "detail": detail}
    mine = table[table["week"] == week]
    for name, value in wanted.items():
        mine = mine[mine[name] == value]
    return float(mine[[f"mcse_{name}" for name in _VALUES]].to_numpy().max())


def _parameters(power: xr.Dataset) -> Sheet:
    """Return effects of arms, then whatever else a single prior moves noticeably."""
    single = power["sensitivity"].drop_sel(
        component=[name for name in (ALL_PRIORS, LIKELIHOOD) if name in power["component"].values]
    )
    largest = single.max("component").to_numpy()
    names = power["quantity"].to_numpy()
    of_arms = [i for i, name in enumerate(names) if str(name).startswith("arm_effect")]
    others = [i for i in np.argsort(-largest) if largest[i] >= SENSITIVE and i not in set(of_arms)]
    has_likelihood = LIKELIHOOD in power["component"].values
    rows: list[tuple[str, ...]] = []
    for i in [*of_arms, *others[:_MOST_PARAMETERS]]:
        here = power["sensitivity"].isel(quantity=i)
        prior = float(here.sel(component=ALL_PRIORS))
        data = float(here.sel(component=LIKELIHOOD)) if has_likelihood else float("nan")
        own = single.isel(quantity=i)
        by = str(own["component"].values[int(own.argmax("component"))])
        rows.append(
            (
                effect_words.plain(str(names[i])),
                digits.number(prior, 2),
                digits.number(data, 2),
                f"{effect_words.plain(by)}, {digits.number(float(largest[i]), 2)}",
                _verdict(float(largest[i]), data),
            )
        )
    head = ("Quantity", "All priors", "Data", "Largest of a single prior", "Reading")
    return Sheet("Prior and data sensitivity", head, rows, words=1, last_words=True)


def _verdict(prior: float, data: float) -> str:
    if prior < SENSITIVE:
        return "no single prior matters"
    if np.isnan(data):
        return "a prior matters"
    return "prior and data both matter" if data >= SENSITIVE else "rests on its prior"


def _meanings(found: xr.DataTree) -> dict[str, str]:
    """What each parameter is, as its prior says."""
    priors = found["log_prior"].to_dataset()
    return {str(name): str(one.attrs.get("long_name", name)) for name, one in priors.items()}


def _left_out(people: xr.Dataset) -> LeftOut:
    k = people["pareto_k"].to_numpy()
    order = np.argsort(-k)
    above = [i for i in order if k[i] > people.attrs["largest_k"]]
    return LeftOut(
        elpd=digits.number(float(people.attrs["elpd_loo"]), 1),
        error=digits.number(float(people.attrs["se"]), 1),
        parameters=digits.number(float(people.attrs["p_loo"]), 1),
        limit=digits.number(float(people.attrs["largest_k"]), 2),
        draws=digits.count(int(people.attrs["draws"])),
        high=tuple(str(people["patient"].to_numpy()[i]) for i in above),
    )
