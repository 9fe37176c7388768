"""What will be run, said before it is run."""

from __future__ import annotations

from pathlib import Path

from twin.config import RunConfig
from twin.fit.plan import FitPlan


def announcement(config: RunConfig, plan: FitPlan, folder: Path) -> str:
    """Return the cohort on one screen, then how it is fitted and where results go."""
    sampler, edges = config.sampler, config.model.grid
    found = plan.path.exists()
    fit = f"{'found, not sampled again' if found else 'none stored yet, will be sampled'}"
    lines = {
        "model": f"{len(edges) - 1} cells of person time to week {edges[-1]:g}",
        "priors": plan.priors.name,
        "sampler": (
            f"{sampler.library}, {sampler.chains} chains x {sampler.draws} draws after "
            f"{sampler.tune}, {sampler.cores} at a time"
        ),
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
    return "\n".join([str(plan.cohort), "", *table, *accepted])
