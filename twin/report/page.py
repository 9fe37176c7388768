"""The page: its parts put together and written as one file."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from scenarios import Scenario
from twin.diagnose.power import POWERS
from twin.fit.whole import whole_file

from . import digits, words
from .appendix import appendix
from .care import care_shown
from .content import Estimate, ReportContent
from .definitions import definitions
from .figures.benefit import benefits
from .figures.canvas import house_style
from .figures.fan import fans
from .figures.forest import forests
from .figures.left_out import left_out
from .figures.looks import STATE_FILLS, looks
from .figures.natural_history import natural_histories
from .figures.predictive import predictive
from .figures.ranks import ranks
from .figures.schedule import schedule
from .figures.work import stacks
from .gate import gate_rows
from .headline import findings
from .left import left
from .scenario_words import told
from .tables import contrast_groups, trial_rows, value_groups


def write_report(path: Path, content: ReportContent) -> None:
    """Write a report as one HTML file that needs nothing but itself; whole or not at all.

    The same content gives the same bytes.

    Parameters
    ----------
    path
        Where the file is to be; its folder is made if it is missing.
    content
        What the report shows.
    """
    text = render(content)
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8")


def render(content: ReportContent) -> str:
    """Return a report as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": digits.count,
        "level": digits.level,
        "plain": digits.plain,
        "capital": words.capital,
    }
    environment.globals |= {"scale": words.scale, "outcome_name": words.outcome_name}
    template = environment.get_template("template.html.j2")
    with house_style():
        figures = _figures(content)
    return template.render(
        content=content,
        style=Markup(_asset("style.css")),
        title=_title(content),
        comparator=words.inside(content.titles[content.comparator]),
        findings=findings(content),
        told={scenario.name: told(scenario, content.synthetic) for scenario in content.scenarios},
        care={scenario.name: care_shown(content, scenario) for scenario in content.scenarios},
        contrasts=partial(contrast_groups, content),
        values=value_groups(content),
        trial=trial_rows(content),
        gate=gate_rows(content.fit),
        estimates=[Estimate(*row) for row in content.estimates],
        definitions=definitions(content),
        looks=looks([s.name for s in content.scenarios], content.comparator),
        states={words.STATES[state]: fill for state, fill in STATE_FILLS.items()},
        samples=content.design.n_chains * content.design.n_draws,
        appendix=appendix(content),
        left=left(content),
        powers=POWERS,
        workers=int(content.design.worker.sum()) if content.has_work else 0,
        **figures,
    )


def _figures(content: ReportContent) -> dict[str, object]:
    outcomes = list(content.instruments)
    return {
        "fans": {outcome: fans(content, outcome) for outcome in outcomes},
        "stacks": stacks(content),
        "forests": forests(content),
        "benefits": {outcome: benefits(content, outcome) for outcome in outcomes},
        "predictive": predictive(content),
        "ranks": ranks(content),
        "natural_histories": natural_histories(content),
        "left_out": left_out(content),
        "schedules": {
            scenario.name: _schedule(content, scenario) for scenario in content.scenarios
        },
    }


def _schedule(content: ReportContent, scenario: Scenario) -> Markup | None:
    """Who is in what when; None where nobody asked, or there is nothing to be in."""
    shares = {one.name: (scenario.name, one.name) for one in scenario.interventions}
    if not shares or not set(shares.values()) <= set(content.outcomes.in_force):
        return None
    in_force = {name: content.outcomes.in_force[key] for name, key in shares.items()}
    return schedule(scenario, in_force)


def _title(content: ReportContent) -> str:
    comparator = content.titles[content.comparator]
    others = [scenario.title for scenario in content.others]
    if not others:
        return comparator
    others = [others[0], *map(words.inside, others[1:])]
    listed = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} and {others[-1]}"
    return f"{listed}, compared with {words.inside(comparator)}"


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
