"""What each visit buys: predictions of held-out people, beside simple ones.

    python benchmarks/landmark.py runs/<run>/fit.nc [--people 200] [--week 26]

Reads the fit of the default synthetic cohort (`python run_simulation.py`) and foretells the scores
at a week of people that it never saw, drawn from the same truth, with none, one, two and three of
their visits assimilated. Beside it stand the last value carried forward, as it is and with the
changes that the fitted cohort showed since that visit, and a linear mixed model of that cohort
(statsmodels, in the extra `benchmark`): visit by arm, covariates, random intercept and slope,
conditioned on the same visits. Told are the continuous ranked probability score (CRPS, score units,
less is better) and the slope of observed on foretold means (1 is calibrated).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from twin.assimilate import Assimilator
from twin.assimilate.newcomers import newcomers, records_of_newcomers
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.cohort.synthetic.truth import default_truth
from twin.fit.store import load_fit
from twin.fit.update import stacked
from twin.keyed import keyed_normals
from twin.law.grid import Floats
from twin.law.measurement import Scale, record
from twin.update.everyone import Run, update_everyone

SEED = 1
"""Of the default cohort, and of its clinics."""
LANDMARKS = (0, 1, 2, 3)

type Draws = Callable[[Cohort], dict[str, Floats]]
"""From people with what was seen so far to draws of their scores, shape (person, draw)."""


class Told(NamedTuple):
    """How well one kind of prediction did."""

    crps: float
    slope: float


def crps(draws: Floats, observed: Floats) -> Floats:
    """Continuous ranked probability score of draws, shape (person, draw), for each person."""
    ordered = np.sort(draws, axis=1)
    n = ordered.shape[1]
    apart = (ordered * (2 * np.arange(1, n + 1) - n - 1)).sum(axis=1) * 2 / n**2
    return np.abs(ordered - observed[:, None]).mean(axis=1) - apart / 2


def judged(draws: Floats, observed: Floats) -> Told:
    """Return mean CRPS and calibration slope over people."""
    mean = draws.mean(axis=1)
    centred = mean - mean.mean()
    spread = (centred**2).sum()
    slope = float((centred * observed).sum() / spread) if spread > 1e-9 else float("nan")
    return Told(float(crps(draws, observed).mean()), slope)


def by_twins(ready: Assimilator, seen: Cohort, week: float, workers: int) -> dict[str, Floats]:
    """Draw recorded scores at a week under the own arm."""
    read = newcomers(ready.frame, seen, recruited=True).cohort
    records = records_of_newcomers(ready.frame, read)
    frame, posterior = ready.frame, ready.posterior
    stack = stacked(frame.spec, posterior, frame.time_grid, frame.dose)
    patients = [str(patient) for patient in read.patients.index]
    # where a person stands at a later week, given the scores, is where the person will be
    weeks = np.full(len(patients), week)
    everyone = update_everyone(stack, records, patients, weeks, Run(SEED, workers), reweigh=True)
    error_sd = np.sqrt(stack.law.error_variance)
    shock = keyed_normals(SEED, "error", patients, (stack.n, stack.n_outcomes))
    found = {name: np.empty((len(patients), stack.n)) for name in read.outcomes}
    for row, known in enumerate(everyone):
        latent = known.level_now + known.flare_now + error_sd[known.draw] * shock[row]
        for k, (name, scale) in enumerate(read.outcomes.items()):
            severity = record(Scale(scale.step_share), latent[:, k])
            found[name][row] = scale.from_severity(severity)
    return found


def wide(cohort: Cohort, outcome: str) -> pd.DataFrame:
    """Scores by person and planned week."""
    return cohort.visits.pivot_table(index="patient", columns="week", values=outcome)


def carried_forward(
    fitted: Cohort, seen: Cohort, outcome: str, week: float, *, spread: bool
) -> Floats:
    """Last score, perhaps with the changes since that visit that the fitted cohort showed."""
    scale, known = fitted.outcomes[outcome], wide(fitted, outcome)
    rows = []
    for patient in seen.patients.index:
        own = seen.visits[seen.visits["patient"] == patient].dropna(subset=[outcome])
        last, since = own[outcome].iloc[-1], own["week"].iloc[-1]
        change = (known[week] - known[since]).dropna().to_numpy()
        at = last + change if spread else np.full(2, last)
        rows.append(np.clip(np.resize(at, 500), scale.minimum, scale.maximum))
    return np.array(rows)


def by_mixed_model(fitted: Cohort, seen: Cohort, outcome: str, week: float) -> Floats:
    """Draw from a linear mixed model of the fitted cohort, conditioned on what was seen."""
    facts = [*fitted.covariates]
    centre, spread = fitted.patients[facts].mean(), fitted.patients[facts].std()

    def long(cohort: Cohort) -> pd.DataFrame:
        own = (cohort.patients[facts] - centre) / spread
        table = cohort.visits.dropna(subset=[outcome]).join(own, on="patient")
        return table.join(cohort.patients["arm"], on="patient").assign(
            slope=lambda t: t["week"] / 26
        )

    formula = f"{outcome} ~ C(week) * C(arm) + {' + '.join(facts)}"
    train = long(fitted)
    model = smf.mixedlm(formula, train, groups="patient", re_formula="~slope")
    result = model.fit(method="lbfgs", maxiter=500)
    between, error = result.cov_re.to_numpy(), float(result.scale)
    rng = np.random.default_rng(SEED)
    past = long(seen)
    rows = []
    for patient in seen.patients.index:
        own = past[past["patient"] == patient]
        target = pd.DataFrame(
            [
                {
                    "week": week,
                    "slope": week / 26,
                    "arm": seen.patients.loc[patient, "arm"],
                    **((seen.patients.loc[patient, facts] - centre) / spread).to_dict(),
                }
            ]
        )
        expected = float(result.predict(target).iloc[0])
        z = np.array([1.0, week / 26])
        variance = z @ between @ z
        if len(own):
            past_z = np.column_stack([np.ones(len(own)), own["slope"]])
            total = past_z @ between @ past_z.T + error * np.eye(len(own))
            gain = z @ between @ past_z.T @ np.linalg.inv(total)
            expected += float(gain @ (own[outcome] - result.predict(own)))
            variance -= gain @ past_z @ between @ z
        rows.append(expected + np.sqrt(variance + error) * rng.standard_normal(1000))
    return np.array(rows)


def main() -> None:
    """Print a table for each outcome."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("fit", type=Path)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--week", type=float, default=26.0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    fit = load_fit(given.fit)
    if fit is None:
        parser.error(f"there is no fit at {given.fit}")
    ready = Assimilator(fit)
    settings = SyntheticSettings()
    fitted, _ = synthetic_cohort(settings, SEED)
    more = settings.model_copy(update={"people": given.people})
    truth = default_truth(synthetic_spec(settings), np.random.default_rng(SEED))
    others, _ = synthetic_cohort(more, seed=1001, truth=truth)
    planned = [week for week in settings.visit_weeks if week < given.week]
    for outcome in fitted.outcomes:
        observed = wide(others, outcome).reindex(others.patients.index)[given.week]
        there = observed.dropna().index
        y = observed[there].to_numpy()
        print(f"{outcome} at week {given.week:g}, {len(there)} people: CRPS (slope)")
        for seen_visits in LANDMARKS[: len(planned) + 1]:
            until = planned[:seen_visits]
            visits = others.visits[
                others.visits["week"].isin(until) & others.visits["patient"].isin(there)
            ]
            seen = replace(others, patients=others.patients.loc[there], visits=visits)
            told = {
                "twin": by_twins(ready, seen, given.week, given.workers)[outcome],
                "mixed model": by_mixed_model(fitted, seen, outcome, given.week),
            }
            if until:
                for name, spread in (("last value", False), ("last value, changes", True)):
                    told[name] = carried_forward(fitted, seen, outcome, given.week, spread=spread)
            cells = [
                f"{name} {t.crps:.3f} ({t.slope:.2f})"
                for name, t in ((name, judged(draws, y)) for name, draws in told.items())
            ]
            print(f"  {seen_visits} visits: " + ", ".join(cells), flush=True)


if __name__ == "__main__":
    main()
