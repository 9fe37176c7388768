"""What each visit buys: predictions of held-out people, beside simple ones.

    python benchmarks/landmark.py [--cohort synthetic | ashar2022 | choir_alter2021]
        [--fit-on 240] [--people 200] [--folds 1] [--week 26] [--folder runs]

Fits some of a cohort, or of the default synthetic world, and foretells the scores at a week of
people whom the fit never saw, with none, one, two and three of their visits assimilated. Beside it
stand the last value carried forward, as it is and with the changes since that visit that the fitted
people showed, and a linear mixed model of these (statsmodels, in the extra `benchmark`): visit by
arm, covariates, random intercept and, of three visits or more, slope, conditioned on the same
visits.

Told are the continuous ranked probability score (CRPS, score units, less is better), its standard
error less that of the twin, person by person, and the slope of observed on foretold means (1 is
calibrated).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
import yaml

from priors import load_prior_set
from twin.assimilate import Assimilator
from twin.assimilate.newcomers import newcomers, records_of_newcomers
from twin.cohort import Cohort, CohortMapping, read_cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort, synthetic_spec
from twin.cohort.synthetic.truth import default_truth
from twin.fit.fit import fit_cohort
from twin.fit.plan import FitPlan
from twin.fit.settings import FitSettings, ModelSettings, SamplerSettings
from twin.fit.update import stacked
from twin.keyed import keyed_normals
from twin.law.grid import Floats
from twin.law.measurement import Scale, record
from twin.update.everyone import Run, update_everyone

SEED = 1
ROOT = Path(__file__).resolve().parents[1]
LANDMARKS = (0, 1, 2, 3)
_DRAWS = 1000


class Split(NamedTuple):
    """People to learn from, and others of the same kind."""

    fitted: Cohort
    others: Cohort
    sampler: SamplerSettings


def among(cohort: Cohort, patients: pd.Index) -> Cohort:
    """Return some people of a cohort."""
    visits = cohort.visits[cohort.visits["patient"].isin(patients)]
    return replace(cohort, patients=cohort.patients.loc[patients], visits=visits)


def synthetic_split(given: argparse.Namespace) -> Iterator[Split]:
    """Draw both from the truth of the default cohort, with its clinics."""
    settings = SyntheticSettings(people=given.fit_on)
    fitted, _ = synthetic_cohort(settings, SEED)
    truth = default_truth(synthetic_spec(settings), np.random.default_rng(SEED))
    more = settings.model_copy(update={"people": given.people})
    others, _ = synthetic_cohort(more, 1001, truth)
    yield Split(fitted, others, SamplerSettings())


def real_splits(given: argparse.Namespace) -> Iterator[Split]:
    """Divide a real cohort at random."""
    text = yaml.safe_load((ROOT / f"conf/cohort/{given.cohort}.yaml").read_text("utf-8"))
    cohort = read_cohort(CohortMapping.model_validate(text["cohort"]), ROOT)
    sampler = SamplerSettings.model_validate(text.get("sampler", {}))
    order = np.random.default_rng(SEED).permutation(cohort.n)
    for fold in range(given.folds):
        held = order[fold :: given.folds] if given.folds > 1 else order[: given.people]
        rest = np.setdiff1d(order, held)
        rest = np.random.default_rng(SEED).permutation(rest)[: given.fit_on]
        ids = cohort.patients.index
        yield Split(among(cohort, ids[rest]), among(cohort, ids[held]), sampler)


def fit(split: Split, folder: Path) -> xr.DataTree:
    """Fit, or find the fit; what was published of these people is left out of the priors."""
    plan = FitPlan(
        cohort=split.fitted,
        model=ModelSettings(),
        priors=load_prior_set("literature", split.fitted.own_evidence).of_outcomes(
            tuple(split.fitted.outcomes)
        ),
        sampler=split.sampler.model_copy(update={"progress_bar": False}),
        fit=FitSettings(accept_unconverged=True, predictive_draws=10),
        seed=SEED,
        folder=folder,
    )
    return fit_cohort(plan)


def by_twins(ready: Assimilator, seen: Cohort, week: float, workers: int) -> dict[str, Floats]:
    """Draw recorded scores at a week under the own arm, by outcome, shape (person, draw)."""
    frame = ready.frame
    read = newcomers(frame, seen, recruited=seen.entry is not None).cohort
    records = records_of_newcomers(frame, read)
    stack = stacked(frame.spec, ready.posterior, frame.time_grid, frame.dose)
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
            severity = record(Scale.of(scale), latent[:, k])
            found[name][row] = scale.from_severity(severity)
    return found


def wide(cohort: Cohort, outcome: str) -> pd.DataFrame:
    """Scores by person and planned week."""
    return cohort.visits.pivot_table(index="patient", columns="week", values=outcome)


def carried_forward(
    fitted: Cohort, seen: Cohort, outcome: str, week: float, *, spread: bool
) -> Floats:
    """Last score, perhaps with the changes since that visit that the fitted people showed."""
    scale, known, rows = fitted.outcomes[outcome], wide(fitted, outcome), []
    scored = seen.visits.dropna(subset=[outcome]).groupby("patient").last()
    for patient in seen.patients.index:
        last, since = scored.loc[patient, outcome], scored.loc[patient, "week"]
        change = (known[week] - known[since]).dropna().to_numpy() if spread else np.zeros(2)
        rows.append(np.clip(np.resize(last + change, _DRAWS), scale.minimum, scale.maximum))
    return np.array(rows)


def by_mixed_model(fitted: Cohort, seen: Cohort, outcome: str, week: float) -> Floats:
    """Draw from a linear mixed model of the fitted people, conditioned on what was seen."""
    facts = list(fitted.covariates)
    centre, spread = fitted.patients[facts].mean(), fitted.patients[facts].std()

    def standardised(cohort: Cohort) -> pd.DataFrame:
        own = ((cohort.patients[facts] - centre) / spread).fillna(0.0)
        return own.join(cohort.patients["arm"])

    def long(cohort: Cohort) -> pd.DataFrame:
        table = cohort.visits.dropna(subset=[outcome])
        table = table.join(standardised(cohort), on="patient")
        return table.assign(slope=table["week"] / week)

    train, past = long(fitted), long(seen)
    slopes = train["week"].nunique() > 2
    by_arm = " * C(arm)" if len(fitted.arms) > 1 else ""
    formula = f"{outcome} ~ C(week){by_arm} + {' + '.join(facts)}"
    random = "~slope" if slopes else "1"
    model = smf.mixedlm(formula, train, groups="patient", re_formula=random)
    result = model.fit(method=["bfgs", "powell"])
    between, error = result.cov_re.to_numpy(), float(result.scale)
    target = standardised(seen).assign(week=week, slope=1.0)
    expected = result.predict(target)
    before = result.predict(past) if len(past) else pd.Series(dtype=float)
    z, rng, rows = np.ones(len(between)), np.random.default_rng(SEED), []
    for patient in seen.patients.index:
        own = past[past["patient"] == patient]
        mean, variance = float(expected[patient]), float(z @ between @ z)
        if len(own):
            design = np.column_stack([np.ones(len(own)), own["slope"]])[:, : len(z)]
            total = design @ between @ design.T + error * np.eye(len(own))
            gain = z @ between @ design.T @ np.linalg.inv(total)
            mean += float(gain @ (own[outcome] - before[own.index]))
            variance -= float(gain @ design @ between @ z)
        rows.append(mean + np.sqrt(variance + error) * rng.standard_normal(_DRAWS))
    return np.array(rows)


def crps(draws: Floats, observed: Floats) -> Floats:
    """Continuous ranked probability score of draws, shape (person, draw), for each person."""
    ordered, n = np.sort(draws, axis=1), draws.shape[1]
    apart = (ordered * (2 * np.arange(1, n + 1) - n - 1)).sum(axis=1) * 2 / n**2
    return np.asarray(np.abs(ordered - observed[:, None]).mean(axis=1) - apart / 2)


class Score(NamedTuple):
    """How well one kind of prediction did, person by person."""

    crps: Floats
    mean: Floats
    observed: Floats


def scores(
    split: Split, ready: Assimilator, week: float, planned: list[float], workers: int
) -> Iterator[tuple[tuple[str, int, str], Score]]:
    """Yield (outcome, visits seen, kind of prediction) and how it did."""
    for seen_visits in LANDMARKS[: len(planned) + 1]:
        until = planned[:seen_visits]
        visits = split.others.visits[split.others.visits["week"].isin(until)]
        seen = replace(split.others, visits=visits)
        twins = by_twins(ready, seen, week, workers)
        for outcome, drawn in twins.items():
            observed = wide(split.others, outcome).reindex(seen.patients.index)[week].to_numpy()
            there = np.isfinite(observed)
            if until:
                scored = visits.dropna(subset=[outcome])["patient"]
                there &= seen.patients.index.isin(scored)
            own = among(seen, seen.patients.index[there])
            told = {"twin": drawn[there]}
            told["mixed model"] = by_mixed_model(split.fitted, own, outcome, week)
            if until:
                for name, spread in (("last value", False), ("last value, changes", True)):
                    told[name] = carried_forward(split.fitted, own, outcome, week, spread=spread)
            y = observed[there]
            for name, draws in told.items():
                yield (outcome, seen_visits, name), Score(crps(draws, y), draws.mean(axis=1), y)


def main() -> None:
    """Print a line for each outcome, number of visits and kind of prediction."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--cohort", default="synthetic")
    parser.add_argument("--fit-on", type=int, default=240)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument("--week", type=float, default=26.0)
    parser.add_argument("--folder", type=Path, default=Path("runs"))
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    splits = synthetic_split if given.cohort == "synthetic" else real_splits
    found: dict[tuple[str, int, str], list[Score]] = {}
    for split in splits(given):
        ready = Assimilator(fit(split, given.folder))
        weeks = sorted(split.fitted.visits["week"].unique())
        planned = [week for week in weeks if week < given.week]
        for key, score in scores(split, ready, given.week, planned, given.workers):
            found.setdefault(key, []).append(score)
    for (outcome, seen_visits, name), parts in found.items():
        own = Score(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        twin = np.concatenate([part.crps for part in found[outcome, seen_visits, "twin"]])
        more = own.crps - twin
        slope = np.cov(own.mean, own.observed)[0, 1] / own.mean.var(ddof=1)
        print(
            f"{outcome:<12}{seen_visits} visits  {name:<20} n {len(more):>4}  CRPS "
            f"{own.crps.mean():.3f}, more than the twin's by {more.mean():+.3f} "
            f"(SE {more.std() / np.sqrt(len(more)):.3f}), slope {slope:.2f}"
        )


if __name__ == "__main__":
    main()
