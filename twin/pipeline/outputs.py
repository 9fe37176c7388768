"""What a run leaves behind, and the manifest that says where each file came from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr

from scenarios import Scenario
from twin.cohort import Cohort
from twin.config import RunConfig
from twin.export.assimilated import assimilated
from twin.export.facts import ExportFacts, ScenarioFacts
from twin.export.netcdf import write_netcdf, write_tree
from twin.export.next_visit import write_next_visit
from twin.export.write import write_exports
from twin.fit.gate_report import GateReport
from twin.fit.plan import FitPlan
from twin.fit.versions import versions
from twin.fit.whole import whole_file
from twin.outcomes.label import label
from twin.outcomes.outcomes import Outcomes
from twin.outcomes.table import contrasts as contrast_table
from twin.outcomes.table import scenario_summary
from twin.outcomes.trial import trial_estimates
from twin.report import Estimate, ReportContent, write_report
from twin.simulate.design import Design
from twin.simulate.trend import trend_lines

from .run_folder import REPORT
from .unseen import Unseen
from .unseen_words import how_found

if TYPE_CHECKING:
    from twin.population.published import Point

MANIFEST = "manifest.json"
PATHS = "paths.nc"
DIAGNOSTICS = "diagnostics.nc"
NATURAL_HISTORY = "natural_history"
"""Group of the diagnostics of people drawn from evidence."""
NO_FIT = "Nothing was fitted: these people are drawn from evidence, and no draw rests on another."
"""What is said of them in the place of a convergence gate."""
_SCHEMA = 2
_CHUNK = 1 << 20


@dataclass(frozen=True, eq=False)
class RunFacts:
    """What a run was told and what it fitted.

    Attributes
    ----------
    config, plan, cohort, scenarios
        What was run.
    fit
        What the twins are made of.
    stored
        The file that it lies in.
    truth
        Truth behind a generated cohort; None for a real one.
    reused
        Whether the fit was found and not sampled.
    paths
        Whole paths of a few people, where they were asked for.
    diagnostics
        What a referee asks of the fit.
    unseen
        People whom the fit never saw; None where they are its own.
    outlook, news
        What a next visit would tell of them, by outcome, and this with what the last one changed in
        words; empty where there is none.
    precision
        How precisely differences are told; empty where nothing was asked.
    """

    config: RunConfig
    plan: FitPlan
    cohort: Cohort
    scenarios: Sequence[Scenario]
    fit: xr.DataTree
    stored: Path
    truth: xr.Dataset | None
    reused: bool
    paths: xr.Dataset | None
    diagnostics: xr.DataTree
    unseen: Unseen | None = None
    outlook: Mapping[str, xr.Dataset] = field(default_factory=dict)
    news: str = ""
    precision: str = ""

    @property
    def converged(self) -> bool:
        """Whether the fit passed its gate."""
        return bool(self.fit.attrs["converged"])

    @property
    def from_evidence(self) -> bool:
        """Whether people are drawn from evidence and nothing was fitted."""
        return self.config.population is not None and self.unseen is None


def write_outputs(
    folder: Path, facts: RunFacts, design: Design, outcomes: Outcomes, timings: dict[str, float]
) -> pd.DataFrame:
    """Write a run's files, each whole or not at all, and the manifest last.

    Parameters
    ----------
    folder
        Where to.
    facts
        What was run.
    design, outcomes
        What was simulated, and what it amounts to.
    timings
        Seconds that each stage took; those of writing are added.

    Returns
    -------
    pd.DataFrame
        The contrasts, as written.
    """
    since = time.perf_counter()
    settings, told = facts.config.report, _export_facts(facts)
    summary, contrasts = scenario_summary(outcomes), contrast_table(outcomes, told.joint_labels())
    name = "fit.nc" if facts.unseen is None else "assimilated.nc"
    files = [_link(facts.stored, folder / name)]
    if facts.truth is not None:
        files.append(_truth(facts.truth, folder / "truth.nc"))
    twins = facts.fit["twins"].to_dataset()
    files += write_exports(
        folder,
        outcomes,
        design,
        twins,
        told,
        settings,
        summary=summary,
        contrasts=contrasts,
        learnt=facts.diagnostics["contraction"].to_dataset(),
    )
    if facts.paths is not None:
        with whole_file(folder / PATHS) as beside:
            write_netcdf(facts.paths, told.attributes(), beside)
        files.append(folder / PATHS)
    if facts.outlook:
        files.append(write_next_visit(facts.outlook, folder))
    with whole_file(folder / DIAGNOSTICS) as beside:
        write_tree(facts.diagnostics, told.attributes(), beside)
    files.append(folder / DIAGNOSTICS)
    timings["exports"] = round(time.perf_counter() - since, 3)
    since = time.perf_counter()
    write_report(folder / REPORT, _content(folder, facts, design, outcomes, summary, contrasts))
    files.append(folder / REPORT)
    timings["report"] = round(time.perf_counter() - since, 3)
    _write_manifest(folder, facts, files, timings)
    return contrasts


def _export_facts(facts: RunFacts) -> ExportFacts:
    return ExportFacts(
        cohort=facts.cohort.name,
        cohort_hash=facts.cohort.hash,
        synthetic=facts.cohort.synthetic,
        converged=facts.converged,
        seed=facts.config.seed,
        versions=dict(versions()),
        configuration=facts.config.model_dump_json(),
        scenarios={one.name: ScenarioFacts(one.title, one.labels) for one in facts.scenarios},
        assimilated_into=None if facts.unseen is None else facts.unseen.into,
    )


def _content(
    folder: Path,
    facts: RunFacts,
    design: Design,
    outcomes: Outcomes,
    summary: pd.DataFrame,
    contrasts: pd.DataFrame,
) -> ReportContent:
    cohort, fit = facts.cohort, facts.fit
    return ReportContent(
        cohort_name=cohort.name,
        cohort_text=str(cohort),
        synthetic=cohort.synthetic,
        converged=facts.converged,
        followed_weeks=float(facts.plan.cohort.visits["week"].max()),
        n_people=cohort.n,
        scenarios=facts.scenarios,
        comparator=design.comparator,
        outcomes=outcomes,
        design=design,
        instruments=cohort.outcomes,
        settings=facts.config.report,
        fit=fit,
        gate_text=_gate_text(facts),
        from_evidence=facts.from_evidence,
        natural_history=facts.diagnostics[NATURAL_HISTORY].to_dataset()
        if facts.from_evidence
        else None,
        published=_published() if facts.from_evidence else (),
        contrasts=contrasts,
        summary=summary,
        estimates=_estimates(facts),
        trial_estimate=_trial_estimate(facts, outcomes.level),
        diagnostics=None if facts.from_evidence or facts.unseen else facts.diagnostics,
        unseen="" if facts.unseen is None else facts.unseen.told,
        news=facts.news,
        provenance={
            "run": folder.name,
            "seed": str(facts.config.seed),
            "cohort": f"{cohort.name}, SHA-256 {cohort.hash}",
            "fit": facts.plan.key,
            "priors": facts.plan.priors.summary,
            **({"precision": facts.precision} if facts.precision else {}),
            **{f"version of {name}": version for name, version in versions().items()},
        },
    )


def _gate_text(facts: RunFacts) -> str:
    """What is said of convergence: of the fit, or of how unseen people were found in it."""
    if facts.unseen is not None:
        return how_found(facts.fit)
    if facts.from_evidence:
        return NO_FIT
    return str(GateReport.model_validate_json(facts.fit.attrs["gate"]))


def _trial_estimate(facts: RunFacts, level: float) -> pd.DataFrame | None:
    """The trial's own estimate beside the engine's; None where the people are of no trial."""
    if facts.unseen is not None:
        return None
    contrast = facts.fit["estimands"].to_dataset()["arm_contrast"]
    found = trial_estimates(facts.cohort, contrast, level)
    return None if found.empty else found


def _estimates(facts: RunFacts) -> list[Estimate]:
    """What the results rest on: the fit, what it took on trust, and the scenarios."""
    synthetic, name = facts.cohort.synthetic, facts.plan.cohort.name
    if facts.config.population is not None:
        from .evidence_rows import evidence_rows

        return [*evidence_rows(facts.plan.priors), *_of_scenarios(facts)]
    estimated = label("estimated", synthetic)
    rows = [
        Estimate(
            "Everyone's natural course, flares and measurement error",
            estimated,
            f"the fit of cohort {name}",
        )
    ]
    if facts.cohort.has_work:
        rows.append(Estimate("Moves between work states", estimated, f"the fit of cohort {name}"))
        exit_rate = facts.plan.priors["log_exit_intensity"]
        rows.append(Estimate("Leaving work for good", exit_rate.label, exit_rate.source))
    rows += _by_region(facts.plan.cohort, estimated)
    return [*rows, *_of_scenarios(facts)]


def _published() -> list[Point]:
    from priors import load_evidence
    from twin.population.published import published

    return published(load_evidence())


def _of_scenarios(facts: RunFacts) -> list[Estimate]:
    trends = trend_lines(facts.config.simulation.secular_trend, facts.cohort.outcomes)
    rows = [Estimate(f"Secular trend: {one}", "assumed", "the configuration") for one in trends]
    return rows + [
        Estimate(found.what, label(found.label, facts.cohort.synthetic), found.source)
        for scenario in facts.scenarios
        for found in scenario.statements
    ]


def _by_region(cohort: Cohort, estimated: str) -> list[Estimate]:
    """What is known of people of a rarer body region, and what only through the usual one."""
    counts = cohort.patients["body_region"].value_counts()
    usual = counts.index[0].replace("_", " ")
    rows = []
    for region, count in list(counts.items())[1:]:
        whose = f"people with {str(region).replace('_', ' ')} pain ({count} of {cohort.n})"
        rows += [
            Estimate(f"Level and pace of {whose}", estimated, f"the fit of cohort {cohort.name}"),
            Estimate(
                f"Flares, errors, work and what arms do among {whose}",
                "borrowed",
                f"learnt mostly from the {usual} people of the same cohort",
            ),
        ]
    return rows


def _write_manifest(
    folder: Path, facts: RunFacts, files: Sequence[Path], timings: dict[str, float]
) -> None:
    cohort, fit = facts.cohort, facts.fit
    manifest = {
        "schema": _SCHEMA,
        "configuration": facts.config.model_dump(mode="json"),
        "seed": facts.config.seed,
        "versions": dict(versions()),
        "cohort": {
            "name": cohort.name,
            "synthetic": cohort.synthetic,
            "people": cohort.n,
            "hash": cohort.hash,
        },
        "assimilated": None if facts.unseen is None else _assimilated(facts.unseen, fit),
        "fit": {
            "key": facts.plan.key,
            "found": facts.reused,
            "converged": facts.converged,
            "accepted_unconverged": bool(fit.attrs["accepted_unconverged"]),
            "timings": json.loads(fit.attrs["timings"]),
        },
        "scenarios": [scenario.model_dump(mode="json") for scenario in facts.scenarios],
        "files": {file.name: _sha256(file) for file in files},
        "timings": timings,
    }
    with whole_file(folder / MANIFEST) as beside:
        beside.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _assimilated(unseen: Unseen, twins: xr.DataTree) -> dict[str, object]:
    """Into what, and how well each person's twin is told."""
    return {
        "into": unseen.into,
        "notes": list(unseen.notes),
        "people": assimilated(twins["twins"].to_dataset()),
    }


def _link(stored: Path, path: Path) -> Path:
    """Give a stored fit a second name, or copy it where the file system cannot."""
    with whole_file(path) as beside:
        try:
            os.link(stored, beside)
        except OSError:
            shutil.copyfile(stored, beside)
    return path


def _truth(truth: xr.Dataset, path: Path) -> Path:
    with whole_file(path) as beside:
        truth.to_netcdf(beside, engine="netcdf4")
    return path


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
