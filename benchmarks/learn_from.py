"""How far twins move when the population is learnt from some of the people only.

    python benchmarks/learn_from.py [--people 240] [--learn-from 120]

Fits a synthetic cohort twice, from everybody and from some (`fit.learn_from`), and compares every
person's posterior: differences of means in posterior SDs, and ratios of SDs, for those that the
population was learnt from and for the others. Where both groups move alike, the update of single
people is right, and what moves is the population.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import xarray as xr

from priors import load_prior_set
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import records
from twin.fit.fit import fit_cohort, gate_report
from twin.fit.plan import FitPlan
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.fit.subset import representative_rows

SEED = 1
EFFECTS = ("log_rate", "start", "set_point", "response", "work_frailty")


def fitted(cohort: Cohort, learn_from: int | None, folder: Path) -> xr.Dataset:
    """Fit the cohort, say how, and return its twins."""
    plan = FitPlan(
        cohort=cohort,
        model=ModelSettings(),
        priors=load_prior_set("literature"),
        sampler=SamplerSettings(progress_bar=False),
        fit=FitSettings(accept_unconverged=True, predictive_draws=1, learn_from=learn_from),
        seed=SEED,
        folder=folder,
    )
    fit = fit_cohort(plan)
    said = "passed" if gate_report(fit).passed else "FAILED"
    seconds = json.loads(fit.attrs["timings"])
    print(f"learnt from {learn_from or cohort.n} people: gate {said}, {seconds}")
    return fit["twins"].to_dataset()


def main() -> None:
    """Fit twice and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--people", type=int, default=240)
    parser.add_argument("--learn-from", type=int, default=120)
    given = parser.parse_args()
    cohort, _ = synthetic_cohort(SyntheticSettings(people=given.people), SEED)
    with tempfile.TemporaryDirectory() as beside:
        whole = fitted(cohort, None, Path(beside))
        part = fitted(cohort, given.learn_from, Path(beside))
    model = ModelSettings()
    data = records(cohort, model.time_grid, model.partial_loss)
    learnt = np.isin(np.arange(cohort.n), representative_rows(data, given.learn_from, SEED))
    across = ("chain", "draw")
    print(f"{'':<28}|difference| / SD: median, 95 %   ratio of SDs: median, 5 to 95 %")
    for effect in EFFECTS:
        off = abs(part[effect].mean(across) - whole[effect].mean(across)) / whole[effect].std(
            across
        )
        ratio = part[effect].std(across) / whole[effect].std(across)
        for name, among in (("learnt from", learnt), ("others", ~learnt)):
            # nobody in the reference arm has a response
            d, r = (x.isel(patient=among).to_numpy().ravel() for x in (off, ratio))
            d, r = d[np.isfinite(d)], r[np.isfinite(r)]
            print(
                f"{effect:<14}{name:<14}{np.median(d):>24.2f}, {np.quantile(d, 0.95):.2f}"
                f"{np.median(r):>27.2f}, {np.quantile(r, 0.05):.2f} to {np.quantile(r, 0.95):.2f}"
            )


if __name__ == "__main__":
    main()
