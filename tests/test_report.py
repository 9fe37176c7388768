"""The report's words and figures against the numbers they were made of."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from scenarios import load_scenario
from twin.diagnose.sensitivity import (
    ALL_PRIORS,
    LIKELIHOOD,
    contrasts_under_powers,
    prior_weights,
    scaled,
)
from twin.fit.gate_report import Check, GateReport
from twin.instruments import instrument
from twin.law.work import WORK_STATES
from twin.outcomes import table
from twin.outcomes.settings import OutcomeSettings
from twin.outcomes.summarise import summarise
from twin.report import Estimate, ReportContent, digits, write_report
from twin.report.figures.canvas import apart
from twin.report.figures.ranks import shares
from twin.report.headline import Phrase, findings, say
from twin.report.page import render
from twin.simulate.chunk import Chunk
from twin.simulate.design import Design

VOID = {"meta", "link", "br", "img", "hr", "input"}
EFFECTS = {"usual_care": (0.0, 0.0), "app": (-0.4, -1.1), "selfback": (0.0, -0.8)}  # at week 13


SCENARIOS = {name: load_scenario(name) for name in EFFECTS}


def simulated(
    people: int = 12,
    draws: int = 60,
    horizon: int = 26,
    work: bool = True,
    same: bool = False,
    names: tuple[str, ...] = tuple(EFFECTS),
) -> tuple[Design, Chunk]:
    """Return made-up futures of plausible size; with `same`, all scenarios are alike."""
    rng = np.random.default_rng(3)
    weeks = np.arange(horizon + 1)
    samples = 4 * draws
    scales = {"pain": instrument("pain_nrs"), "disability": instrument("rmdq")}
    start = np.stack([rng.normal(5.4, 1.6, people), rng.normal(10.5, 4.0, people)], -1)
    end = start * np.array([0.62, 0.55]) + rng.normal(0, (0.6, 1.2), (people, 2))
    shared = rng.normal(0, (0.15, 0.3), (samples, 1, 1, 2))
    own = rng.normal(0, (0.5, 1.1), (samples, people, 1, 2))
    left = np.exp(-weeks / 7.0)[:, None]
    usual = end[:, None] + (start - end)[:, None] * left + (shared + own) * (1 - left)
    dose = np.clip(weeks / 13, 0, 1)[:, None]
    spread = rng.lognormal(0, 0.45, (people, 1, 1)) * rng.normal(1, 0.4, (samples, 1, 1, 1))
    sizes = [np.zeros(2) if same else np.array(EFFECTS[name]) for name in names]
    paths = np.stack([usual + size * dose * spread for size in sizes])
    tops = np.array([scale.maximum for scale in scales.values()])
    expected = np.clip(paths, 0, tops)
    noise = rng.normal(0, (1.2, 2.2), (1, samples, people, len(weeks), 2))
    recorded = np.clip(np.rint(expected + noise), 0, tops)
    recorded[..., 0, :] = np.clip(np.rint(start), 0, tops)
    pull = rng.random((samples, people, len(weeks)))
    better = np.array([0.0 if same else -size[1] / 20 for size in sizes])[:, None, None, None]
    ability = pull + 0.35 * (1 - np.exp(-weeks / 9)) + better * (weeks > 0)
    state = np.where(ability > 0.55, 0, np.where(ability > 0.35, 1, np.where(ability > 0.02, 2, 3)))
    worker = np.arange(people) % 5 != 0 if work else np.zeros(people, dtype=bool)
    state[:, :, ~worker] = -1
    design = Design(
        scenarios=names,
        comparator="usual_care",
        patients=tuple(f"p{i:03d}" for i in range(people)),
        weeks=weeks,
        outcomes=tuple(scales),
        instruments=scales,
        n_chains=4,
        n_draws=draws,
        has_work=work,
        worker=worker,
    )
    chunk = Chunk(
        first=0,
        expected=expected.astype(np.float32),
        recorded=recorded.astype(np.float32),
        work=state.astype(np.int8),
    )
    return design, chunk


def small_fit() -> xr.DataTree:
    rng = np.random.default_rng(5)
    outcome = ["pain", "disability"]
    posterior = xr.Dataset(
        {
            "arm_effect_taken_up": (
                ("chain", "draw", "active_arm", "outcome"),
                rng.normal(-0.05, 0.02, (4, 100, 1, 2)),
            ),
            "set_point_mean": (("chain", "draw", "outcome"), rng.normal(0.4, 0.02, (4, 100, 2))),
            "log_rate_mean": (("chain", "draw"), rng.normal(-2, 0.1, (4, 100))),
        },
        coords={"active_arm": ["app"], "outcome": outcome},
    )
    mean = np.array([5.0, 9.0]) * np.array([1.0, 0.8, 0.7])[:, None]
    predictive = xr.Dataset(
        {
            "mean": (
                ("sample", "arm", "visit", "outcome"),
                mean + rng.normal(0, 0.2, (100, 2, 3, 2)),
            ),
            "observed_mean": (("arm", "visit", "outcome"), np.stack([mean, mean])),
        },
        coords={"arm": ["usual_care", "app"], "visit": ["0", "6", "13"], "outcome": outcome},
    )
    tree = xr.DataTree.from_dict({"posterior": posterior, "posterior_predictive": predictive})
    gate = GateReport(rows=(Check(rule="R-hat < 1.01", worst="spread[pain]", found=1.004),))
    tree.attrs["gate"] = gate.model_dump_json()
    return tree


def content(fit: xr.DataTree | None = None, **choices: Any) -> ReportContent:
    design, chunk = simulated(**choices)
    settings = OutcomeSettings()
    outcomes = summarise(design, [chunk], settings)
    labels = {"app": "estimated (synthetic)", "selfback": "borrowed, assumed"}
    trial = pd.DataFrame(
        {
            "arm": ["app", "app"],
            "outcome": ["pain", "disability"],
            "week": [13.0, 13.0],
            "engine_mean": [-0.412, -1.133],
            "engine_lower": [-0.802, -2.018],
            "engine_upper": [-0.021, -0.252],
            "ancova": [-0.455, -1.207],
            "ancova_se": [0.241, 0.553],
        }
    )
    return ReportContent(
        cohort_name="synthetic",
        cohort_text="Cohort synthetic (SYNTHETIC: generated, no real people)\n12 people, 5 visits",
        synthetic=True,
        converged=True,
        followed_weeks=20.0,
        n_people=len(design.patients),
        scenarios=tuple(SCENARIOS[name] for name in design.scenarios),
        comparator="usual_care",
        outcomes=outcomes,
        design=design,
        instruments=design.instruments,
        settings=settings,
        fit=small_fit() if fit is None else fit,
        gate_text="Convergence gate: passed",
        contrasts=table.contrasts(outcomes, labels),
        summary=table.scenario_summary(outcomes),
        estimates=[
            Estimate("effect of the app", "estimated (synthetic)", "this cohort, 240 people"),
            Estimate("effect on disability", "borrowed", "Sandal 2021 JAMA Intern Med 181:1288"),
            Estimate("lasting share", "assumed", "between nothing and all of it"),
        ],
        trial_estimate=trial,
        provenance={"configuration": "affec7033f", "seed": "1", "data": "1ca44c51"},
    )


def small_diagnostics(shown: ReportContent, *, left_out: bool = True) -> xr.DataTree:
    """Return made-up diagnostics of the made-up futures."""
    prior_sd, mean, sd = np.array([0.4, 0.19]), np.array([-0.05, 0.5]), np.array([0.02, 0.18])
    contraction = xr.Dataset(
        {
            "prior_mean": ("effect", [0.0, 0.5]),
            "prior_sd": ("effect", prior_sd),
            "posterior_mean": ("effect", mean),
            "posterior_sd": ("effect", sd),
            "contraction": ("effect", 1 - (sd / prior_sd) ** 2),
            "z_score": ("effect", [-2.5, 0.0]),
            "verdict": ("effect", np.array(["learnt", "prior"], dtype=object)),
        },
        coords={
            "effect": ["arm_effect[app, disability]", "lasting_share[app]"],
            "parameter": ("effect", ["arm_effect", "lasting_share"]),
            "arm": ("effect", ["app", "app"]),
            "outcome": ("effect", ["disability", ""]),
            "detail": ("effect", ["", ""]),
        },
        attrs={"usual_week": 13.0},
    )
    names = ["arm_effect", "lasting_share", "log_intensity"]
    rng, log_prior = np.random.default_rng(8), {}
    shape = (shown.design.n_chains, shown.design.n_draws)
    for name in names:
        values = rng.normal(0, 0.5, shape)
        log_prior[name] = (("chain", "draw"), values, {"long_name": f"meaning of {name}"})
    priors = xr.Dataset(log_prior, {"chain": range(shape[0]), "draw": range(shape[1])})
    weights = prior_weights(priors)
    quantity = xr.DataArray(
        rng.normal(size=(*shape, 2)),
        dims=("chain", "draw", "quantity"),
        coords={"quantity": ["arm_effect[app, disability]", "arm_contrast[app, disability, 13]"]},
    ).assign_coords(chain=range(shape[0]), draw=range(shape[1]))
    power = scaled(quantity, weights)
    if left_out:
        power = xr.concat([power, scaled(quantity, {LIKELIHOOD: weights[ALL_PRIORS]})], "component")
    groups = {
        "contraction": contraction,
        "log_prior": priors,
        "power_scaling": power,
        "contrast_power": contrasts_under_powers(shown.outcomes, weights),
    }
    if left_out:
        k = np.linspace(-0.1, 0.9, len(shown.design.patients))
        groups["leave_one_out"] = xr.Dataset(
            {"pareto_k": ("patient", k), "elpd": ("patient", -k), "p_loo": ("patient", k)},
            {"patient": np.array(shown.design.patients, dtype=object)},
            {"elpd_loo": 12.3, "se": 4.56, "p_loo": 7.8, "largest_k": 0.62, "draws": 400},
        )
    return xr.DataTree.from_dict(groups)


class Page(HTMLParser):
    """What a browser would find: attributes, text, cells by table, and that tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.rows: dict[str, list[list[str]]] = {}
        self._open: list[str] = []
        self._region = ""
        self._cell = False
        self.feed(text)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if given.get("role") == "region":
            self._region = given["aria-label"] or ""
            self.rows[self._region] = []
        if tag == "tr":
            self.rows[self._region].append([])
        if tag in ("td", "th"):
            self.rows[self._region][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, f"</{tag}> closes another tag"
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data
        if self._cell:
            self.rows[self._region][-1][-1] += data


@pytest.fixture(scope="module")
def full() -> ReportContent:
    shown = content()
    return dataclasses.replace(shown, diagnostics=small_diagnostics(shown))


@pytest.fixture(scope="module")
def html(full: ReportContent) -> str:
    return render(full)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def _number(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def _blocks(rows: list[list[str]]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each group's heading with its rows."""
    heading, block = "", []
    for row in rows[1:]:
        if len(row) == 1:
            if block:
                yield heading, block
            heading, block = row[0], []
        else:
            block.append(row)
    yield heading, block


def test_every_contrast_on_the_page_is_that_of_the_table(full: ReportContent, page: Page) -> None:
    seen = 0
    for scenario in ("app", "selfback"):
        shown = page.rows[f"Contrasts of {SCENARIOS[scenario].title}"]
        mine = full.contrasts[full.contrasts["scenario"] == scenario]
        for heading, block in _blocks(shown):
            factor = 100.0 if "%\N{NO-BREAK SPACE}points" in heading else 1.0
            rows = mine[_same_quantity(mine, heading)]
            assert len(rows) == len(block), heading
            for (when, mean, interval, _, better), (_, row) in zip(
                block, rows.iterrows(), strict=True
            ):
                decimals = len(mean.partition(".")[2])
                half = 0.5000001 * 10**-decimals
                assert when.endswith(str(row["week"]))
                low, high = interval.split(" to ")
                for text, name in ((mean, "mean"), (low, "lower"), (high, "upper")):
                    assert _number(text) == pytest.approx(factor * row[name], abs=half)
                    seen += 1
                if row["probability_better"] <= 0.99 and row["probability_better"] >= 0.01:
                    assert _number(better.split()[0]) / 100 == pytest.approx(
                        row["probability_better"], abs=0.00501
                    )
    assert seen > 100


def _same_quantity(table: pd.DataFrame, heading: str) -> pd.Series[bool]:
    """Tell which rows of a table a heading of the page is about."""
    outcome = next((name for name in ("pain", "disability") if name in heading), "")
    starts = {
        "Expected": "expected_score",
        "People improved": "improved",
        "Weeks": "weeks_in_state",
        "Working days": "days_lost",
        "Time to": "return_time",
    }
    (quantity,) = [name for start, name in starts.items() if heading.startswith(start)]
    details = {
        "working fully": "working",
        "with restrictions": "restricted",
        "sick-listed": "sick_listed",
        "permanently": "permanently_out",
    }
    detail = ""
    if quantity == "improved":
        detail = "relative" if "by at least 30" in heading else "important"
    elif quantity == "weeks_in_state":
        (detail,) = [state for words, state in details.items() if words in heading]
    return (
        (table["quantity"] == quantity)
        & (table["outcome"].fillna("") == outcome)
        & (table["detail"].fillna("") == detail)
    )


def test_values_under_each_scenario_are_those_of_the_summary(
    full: ReportContent, page: Page
) -> None:
    rows = [row for row in page.rows["Values under each scenario"][1:] if len(row) > 1]
    wanted = full.summary.groupby("scenario", sort=False)["mean"]
    for column, name in enumerate(EFFECTS, start=1):
        means = [_number(row[column].split()[0]) for row in rows]
        for found, true, (_, line) in zip(
            means,
            wanted.get_group(name),
            full.summary[full.summary["scenario"] == name].iterrows(),
            strict=True,
        ):
            factor = 100 if line["unit"].startswith("share") else 1
            assert found == pytest.approx(true * factor, abs=0.51)


def test_people_drawn_from_evidence_are_not_told_as_a_fit(full: ReportContent, html: str) -> None:
    drawn = render(dataclasses.replace(full, from_evidence=True))
    for said in ("Ranks of each chain", "Posterior draws", "the fit be relied on"):
        assert said in html
        assert said not in drawn


def test_the_headline_says_the_main_contrast(full: ReportContent) -> None:
    app = next(finding for finding in findings(full) if finding.scenario == "app")
    (row,) = full.contrasts.query(
        "scenario == 'app' and quantity == 'expected_score' and outcome == 'disability'"
        " and week == 13"
    ).to_dict("records")
    said = next(s for s in app.sentences if "disability at 13 weeks" in s.lead)
    assert said.lead.startswith("About ")
    assert "points less disability at 13 weeks" in said.lead
    assert float(said.lead.split()[1]) == pytest.approx(-row["mean"], abs=0.051)
    low, high = re.search(r"90\xa0% interval ([\d.]+) to ([\d.]+)", said.rest).groups()  # type: ignore[union-attr]
    assert float(low) == pytest.approx(-row["upper"], abs=0.051)
    assert float(high) == pytest.approx(-row["lower"], abs=0.051)


@pytest.mark.parametrize(
    ("mean", "lower", "upper", "lead", "told"),
    [
        (-1.02, -1.61, -0.42, "About 1.0 points less pain at 13 weeks", "interval 0.4 to 1.6);"),
        (1.02, 0.42, 1.61, "About 1.0 points more pain at 13 weeks", "interval 0.4 to 1.6);"),
        (-0.3, -0.9, 0.31, "About 0.3 points less pain", "interval 0.3 more to 0.9 less; no diff"),
        (0.3, -0.3, 0.9, "About 0.3 points more pain", "interval 0.3 less to 0.9 more; no diff"),
        (0.0, 0.0, 0.0, "Exactly no difference in pain at 13 weeks", "."),
        (
            -3.2,
            -7.0,
            -1.1,
            "About 3 points less pain",
            "interval 1 to 7); chance that it is better: 80",
        ),
    ],
)
def test_a_difference_is_said_with_its_direction(
    mean: float, lower: float, upper: float, lead: str, told: str
) -> None:
    row = pd.Series(
        {"mean": mean, "lower": lower, "upper": upper, "level": 0.9, "probability_better": 0.8}
        | {f"mcse_{name}": 0.001 for name in ("mean", "lower", "upper")}
    )
    phrase = Phrase("{} points less pain", "{} points more pain", ("less", "more"), "pain")
    said = say(row, phrase, "at 13 weeks")
    assert said.lead.startswith(lead)
    assert told in said.rest


def test_no_digit_is_shown_that_monte_carlo_error_leaves_open() -> None:
    for error in (0.003, 0.03, 0.3, 3.0):
        decimals = digits.places(-12.34567, -20.0, -4.0, error, significant=9)
        assert error <= 2 * 10.0**-decimals or decimals == 0


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(-0.04, 1, "0.0"), (-1234.5, 0, "\N{MINUS SIGN}1,234"), (float("nan"), 1, "\N{EN DASH}")],
)
def test_numbers_are_written_for_people(value: float, decimals: int, text: str) -> None:
    assert digits.number(value, decimals) == text


def test_the_page_needs_nothing_but_itself(html: str, page: Page) -> None:
    assert "://" not in html
    assert not re.search(r"url\((?!#)|@import", html)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "video", "audio", "img"}
    for tag, given in page.tags:
        assert not [name for name in given if name.startswith("on")], tag
        for name in ("href", "xlink:href", "src"):
            if name in given:
                assert (given[name] or "").startswith("#")


def test_every_reference_within_the_page_leads_to_exactly_one_place(page: Page, html: str) -> None:
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'(?:href="#|url\(#)([^")]+)', html))
    assert targets <= set(ids)


def test_every_figure_says_what_it_shows(page: Page, full: ReportContent) -> None:
    figures = [given for tag, given in page.tags if tag == "svg"]
    # fans 2 x 3, work 3, forests 3, benefits 2 x 2, predictive 2, ranks 4, left out 1
    assert len(figures) == 23
    for given in figures:
        assert given["role"] == "img"
        assert len(given["aria-label"] or "") > 40
    fan = next(g["aria-label"] for g in figures if "Expected pain score" in str(g["aria-label"]))
    end = full.outcomes.cohort["expected_score"].sel(scenario="usual_care", outcome="pain", week=26)
    said = re.search(r"week 26: ([\d.]+)", str(fan))
    assert said is not None
    assert float(said[1]) == pytest.approx(float(end.median()), abs=0.051)


def test_what_comes_from_outside_is_escaped(full: ReportContent) -> None:
    marked = "<b>bold</b> & $5"
    scenarios = [
        s.model_copy(update={"title": f"{marked} {s.name}", "description": marked})
        for s in full.scenarios
    ]
    changed = dataclasses.replace(full, scenarios=scenarios, provenance={marked: marked})
    text = render(changed)
    assert "<b>bold" not in text
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; $5" in text
    assert marked in Page(text).text


def test_the_scenarios_are_told_as_they_tell_themselves(full: ReportContent, page: Page) -> None:
    text = " ".join(page.text.split())
    for scenario in full.scenarios:
        assert scenario.description in text
        for intervention in scenario.interventions:
            for line in str(intervention).splitlines():
                known = line.strip().replace("[estimated]", "[estimated (synthetic)]")
                for piece in known.split(": ", maxsplit=1):
                    assert piece in text


def test_without_work_the_page_is_silent_about_work() -> None:
    page = Page(render(content(work=False)))
    ids = {given.get("id") for _, given in page.tags}
    assert "work" not in ids
    for word in ("sick-listed", "days lost", "return to work", "With a job", "Work"):
        assert word not in page.text


@pytest.mark.parametrize("synthetic", [True, False])
@pytest.mark.parametrize("converged", [True, False])
def test_the_first_page_warns_of_what_needs_a_warning(
    full: ReportContent, synthetic: bool, converged: bool
) -> None:
    text = render(dataclasses.replace(full, synthetic=synthetic, converged=converged))
    first = text[text.index("<header>") : text.index("</header>")]
    assert ("SYNTHETIC" in first) == synthetic
    assert ("UNCONVERGED" in first) == (not converged)
    assert "not medical advice" in first


def test_scenarios_that_are_alike_differ_by_exactly_nothing() -> None:
    same = content(same=True)
    page = Page(render(same))
    for finding in findings(same):
        assert finding.sentences
        assert all(s.lead.startswith("Exactly no difference") for s in finding.sentences)
    rows = page.rows[f"Contrasts of {SCENARIOS['app'].title}"][1:]
    cells = {tuple(row[1:4]) for row in rows if len(row) > 1}
    assert cells == {("0", "0 to 0", "0")}


def test_a_report_is_the_same_bytes_again_and_leaves_nothing_beside_it(
    full: ReportContent, html: str, tmp_path: Path
) -> None:
    path = tmp_path / "run" / "report.html"
    write_report(path, full)
    assert path.read_bytes() == html.encode()
    assert list(path.parent.iterdir()) == [path]


def test_one_scenario_alone_gives_a_page_without_comparisons() -> None:
    alone = Page(render(content(names=("usual_care",))))
    assert "nothing to compare it with" in alone.text
    ids = {given.get("id") for _, given in alone.tags}
    assert {"courses", "work", "values"} <= ids
    assert not {"differences", "persons"} & ids


def test_a_fit_and_a_cohort_with_little_in_them_still_give_a_page(full: ReportContent) -> None:
    bare = dataclasses.replace(full, fit=xr.DataTree(), trial_estimate=None)
    page = Page(render(bare))
    assert "Convergence gate: passed" in page.text
    assert "The trial’s own estimate" not in page.text


def test_the_trials_own_estimate_stands_beside_the_engines(page: Page) -> None:
    rows = page.rows["The trial’s own estimate"]
    assert rows[1] == [
        "Pain, app",
        "13",
        "\N{MINUS SIGN}0.41",
        "\N{MINUS SIGN}0.80 to \N{MINUS SIGN}0.02",
        "\N{MINUS SIGN}0.46",
        "0.24",
    ]


def test_labels_of_lines_that_end_together_are_moved_apart() -> None:
    found = apart([4.0, 4.1, 9.0, 4.05], least=0.5)
    ordered = sorted(found)
    assert min(np.diff(ordered)) >= 0.5 - 1e-6
    assert np.argsort(found).tolist() == [0, 3, 1, 2]
    assert found[2] == 9.0


def test_equal_chains_share_the_ranks_and_a_stray_chain_does_not() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4, 1000))
    assert np.allclose(shares(values).sum(axis=1), 1)
    assert shares(values).max() < 0.1
    values[0] += 5
    assert shares(values)[0, -5:].sum() > 0.95


def test_work_states_all_have_a_fill_and_a_name() -> None:
    from twin.report.figures.looks import STATE_FILLS
    from twin.report.words import STATES

    assert set(STATE_FILLS) == set(STATES) == set(WORK_STATES)


def test_weeks_beyond_the_last_visit_are_said_to_rest_on_priors(full: ReportContent) -> None:
    warning = "were followed for 20 weeks"
    assert warning in Page(render(full)).text
    seen = dataclasses.replace(full, followed_weeks=float(full.horizon))
    assert "were followed for" not in Page(render(seen)).text


def test_the_appendix_says_what_is_learnt_and_what_rests_on_its_prior(page: Page) -> None:
    text = " ".join(page.text.split())
    assert (
        "Effect of app on disability, as a visit at week 13 sees it: learnt from the data; "
        "> 99 % of the variance it had before the data is gone."
    ) in text
    assert "Share of the effect of app that never wanes: rests on its prior" in text
    rows = page.rows["How much of each effect is learnt"][1:]
    # an RMDQ has 24 points
    assert rows[0][0].endswith("(points)")
    assert rows[0][1] == "0.0 (SD 9.6)"
    assert rows[0][2] == "\N{MINUS SIGN}1.20 (SD 0.48)"
    assert rows[0][3:] == ["1.00", "\N{MINUS SIGN}2.5"]
    assert rows[1][1] == "0.50 (SD 0.19)"


def test_the_contrasts_under_other_priors_begin_with_those_of_the_page(
    full: ReportContent, page: Page
) -> None:
    rows = page.rows[f"{SCENARIOS['app'].title} under weaker and stronger priors"]
    assert rows[0][2:4] == ["All priors to the power 0.8", "All priors to the power 1.25"]
    (told,) = [
        row for row in rows if row[0].startswith("Expected disability score, average, week 13")
    ]
    (row,) = full.contrasts.query(
        "scenario == 'app' and quantity == 'expected_score' and outcome == 'disability'"
        " and week == 13"
    ).to_dict("records")
    mean, low, high = re.fullmatch(r"(\S+) \((\S+) to (\S+)\)", told[1]).groups()  # type: ignore[union-attr]
    for text, name in ((mean, "mean"), (low, "lower"), (high, "upper")):
        assert _number(text) == pytest.approx(row[name], abs=0.051)


def test_people_who_are_hard_to_foretell_are_named_in_words_and_not_in_the_picture(
    full: ReportContent, page: Page, html: str
) -> None:
    k = full.diagnostics["leave_one_out"].to_dataset()["pareto_k"]  # type: ignore[index]
    high = [str(name) for name in k["patient"].values[::-1] if float(k.sel(patient=name)) > 0.62]
    assert len(high) > 1
    assert f"the highest first: {', '.join(high)}." in " ".join(page.text.split())
    picture = re.search(r"<svg[^>]*Pareto k of the.*?</svg>", html, flags=re.DOTALL)
    assert picture is not None
    assert not [name for name in full.design.patients if name in picture[0]]


def test_what_was_not_computed_is_said_to_be_missing(full: ReportContent) -> None:
    off = dataclasses.replace(full, diagnostics=small_diagnostics(full, left_out=False))
    text = " ".join(Page(render(off)).text.split())
    assert "Nobody was left out (diagnose=off)." in text
    assert "What the data do was not computed" in text
    none = Page(render(dataclasses.replace(full, diagnostics=None)))
    assert "Diagnostics of this run were not computed." in none.text


def test_what_arms_do_if_those_who_left_did_worse_stands_beside_the_main_result(
    full: ReportContent,
) -> None:
    rng = np.random.default_rng(10)
    contrast = -1.5 + 0.01 * rng.normal(size=(4, 2, 50, 1, 1, 1))
    contrast += np.array([0.0, 0.1, 0.4, -0.3])[:, None, None, None, None, None]
    dropout = xr.Dataset(
        {
            "arm_contrast": (
                ("pattern", "chain", "draw", "active_arm", "outcome", "week"),
                contrast,
            ),
            "left": (("arm", "outcome", "week"), np.array([[[0.1]], [[0.3]]])),
            "delta": ("outcome", [2.5]),
        },
        {
            "arm": ["usual_care", "app"],
            "active_arm": ["app"],
            "outcome": ["disability"],
            "week": [13.0],
        },
    )
    groups = small_diagnostics(full)
    groups["dropout"] = xr.DataTree(dropout)
    page = Page(render(dataclasses.replace(full, diagnostics=groups)))
    _, row = page.rows["Differences if those who left did worse"]
    assert row[:2] == ["app, disability, week 13", "30\u00a0% (10\u00a0%)"]
    means = [float(cell.split(" ")[0].replace("\u2212", "-")) for cell in row[2:]]
    assert means == pytest.approx([-1.5, -1.4, -1.1, -1.8], abs=0.06)
    assert "by 2.5 on" in " ".join(page.text.split())
    assert "left did worse" not in Page(render(full)).text


def test_a_statistic_stands_beside_its_replicates(full: ReportContent) -> None:
    rng = np.random.default_rng(9)
    data = full.fit["posterior_predictive"].to_dataset()
    share = rng.beta(40, 60, (100, 2, 3, 2))
    dims = ("sample", "arm", "visit", "outcome")
    data = data.assign(
        improved_share=(dims, share),
        observed_improved_share=(dims[1:], np.full((2, 3, 2), 0.9)),
        mean=data["mean"],
    ).assign_attrs(usual_visit="13")
    data["observed_improved_share"][:, 0] = np.nan
    fit = full.fit.copy()
    fit["posterior_predictive"] = xr.DataTree(data)
    fit["prior_predictive"] = xr.DataTree(data)
    page = Page(render(dataclasses.replace(full, fit=fit)))
    rows = page.rows["Pain at the visit of week 13: observed and replicated"]
    low, high = 100 * np.quantile(share[:, 0, 2, 0], [0.05, 0.95])
    assert rows[1][0] == "People improved by at least 30 %, usual care"
    found = re.fullmatch(r"(\S+) to (\S+)\xa0%", rows[1][2])
    assert found is not None
    assert float(found[1]) == pytest.approx(low, abs=0.51)
    assert float(found[2]) == pytest.approx(high, abs=0.51)
    assert rows[1][3] == "100\xa0%"
    assert "improved share usual care 13 pain" in " ".join(page.text.split())
    (name,) = [one for one in page.rows if one.startswith("Pain before the data, usual care, ")]
    prior = page.rows[name]
    assert [row[0] for row in prior] == ["Visit, week", "0", "6", "13"]
