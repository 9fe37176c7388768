"""What will be run, said before it is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios import Scenario
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.engine.memory import Room
from twin.fit.plan import FitPlan
from twin.outcomes.label import label
from twin.simulate.trend import trend_lines

if TYPE_CHECKING:
    from .unseen import Unseen


def announcement(
    config: RunConfig,
    plan: FitPlan,
    people: Cohort,
    scenarios: Sequence[Scenario],
    folder: Path,
    given: Room,
    unseen: Unseen | None = None,
) -> str:
    """Return the people on one screen, the scenarios in words, then how all this is run.

    Parameters
    ----------
    config, plan
        What is run, and what is fitted for it.
    people
        Those who are simulated: the plan's cohort, or others.
    scenarios
        What is simulated.
    folder
        Of the results.
    given
        What memory the simulation is given.
    unseen
        People whom the fit never saw; None where they are the fit's own.
    """
    sampler, edges, simulation = config.sampler, config.model.grid, config.simulation
    drawn = draws_of_twins(config, unseen)
    if config.population is not None:
        fit = "drawn anew, not stored"
    else:
        there = plan.path.exists()
        fit = "found, not sampled again" if there else "none stored yet, will be sampled"
    if unseen is not None and unseen.further is not None:
        fit = f"not needed: {unseen.settings.earlier} holds what was learnt from it"
    used = min(simulation.draws, drawn)
    lines = {
        "model": f"{len(edges) - 1} cells of person time to week {edges[-1]:g}",
        "priors": plan.priors.summary,
        "sampler": (
            f"{sampler.library}, {sampler.chains} chains x {sampler.draws} draws after "
            f"{sampler.tune}, {sampler.cores} at a time"
            if config.population is None
            else f"none: {config.population.draws} populations are drawn from the evidence"
        ),
        "twins": (
            f"{people.n} people x {used} draws x {simulation.horizon_weeks} weeks "
            f"x {len(scenarios)} scenarios, against {simulation.comparator}"
        ),
        **_trends(config, people),
        "memory": str(given),
        **_precision(config, drawn),
        "seed": str(config.seed),
        "fit": f"{plan.path} ({fit})",
        "results": str(folder),
    }
    accepted = (
        ["Unconverged fits are accepted: if this one is, every output is marked."]
        if config.fit.accept_unconverged
        else []
    )
    table = [f"{name:<8} {value}" for name, value in lines.items()]
    known = label("estimated", people.synthetic)
    words = [str(scenario).replace("[estimated]", f"[{known}]") for scenario in scenarios]
    told = [unseen.told, ""] if unseen is not None else []
    return "\n".join([*told, str(people), "", *words, "", *table, *accepted])


def _trends(config: RunConfig, people: Cohort) -> dict[str, str]:
    told = trend_lines(config.simulation.secular_trend, people.outcomes)
    return {"trend": "; ".join(told)} if told else {}


def _precision(config: RunConfig, drawn: int) -> dict[str, str]:
    asked = config.simulation.precision
    if not asked:
        return {}
    told = ", ".join(f"{name} {error:g}" for name, error in asked.items())
    return {"until": f"the Monte-Carlo error is at most: {told}; with {drawn} draws at most"}


def draws_of_twins(config: RunConfig, unseen: Unseen | None) -> int:
    """Return how many draws each twin will have, of which some are simulated."""
    if unseen is not None:
        return unseen.draws
    if config.population is not None:
        return config.population.draws
    return config.sampler.chains * config.sampler.draws
