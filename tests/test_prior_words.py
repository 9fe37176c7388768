"""What a prior implies, against scipy, against draws, and in the units of a clinic."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from priors import (
    Beta,
    Dirichlet,
    Distribution,
    HalfNormal,
    HalfStudentT,
    Lkj,
    LogNormal,
    Normal,
    Prior,
    load_prior_set,
    prior_set_names,
)
from priors.interval import interval
from priors.set_table import LEVEL, WIDTH, implied
from priors.units import SCALES, UNITS, number
from twin.instruments import instruments

ROOT = Path(__file__).resolve().parents[1]


def prior(unit: str, distribution: Distribution) -> Prior:
    return Prior(distribution=distribution, unit=unit, meaning="x", label="assumed", reason="x")


@pytest.mark.parametrize(
    "distribution",
    [
        Normal(mean=(0.1, -0.4), sd=0.3),
        HalfNormal(sd=(0.3, 0.6)),
        HalfStudentT(df=3.0, scale=0.3),
        LogNormal(median=0.4, log_sd=(0.25, 0.8)),
        Beta(a=2.0, b=6.0),
    ],
    ids=str,
)
def test_an_interval_holds_the_draws_that_it_says(distribution: Distribution) -> None:
    found = interval(distribution, 0.9)
    assert found is not None
    n, k = 20_000, len(found)
    drawn = distribution.draw(np.random.default_rng(1), (n, k))
    error = 4 * math.sqrt(0.05 * 0.95 / n)
    np.testing.assert_allclose((drawn < found[:, 0]).mean(axis=0), 0.05, atol=error)
    np.testing.assert_allclose((drawn > found[:, 1]).mean(axis=0), 0.05, atol=error)


def test_the_interval_of_correlations_is_that_of_one_of_them() -> None:
    found = interval(Lkj(eta=2.0), 0.9)
    np.testing.assert_allclose(found, [stats.beta(2, 2, loc=-1, scale=2).interval(0.9)])
    assert interval(Dirichlet(concentration=1.0), 0.9) is None


def test_points_are_those_of_the_instruments() -> None:
    ranges = {one.name: one.range for one in instruments().values()}
    assert dict(SCALES) == {"NRS": ranges["pain_nrs"], "RMDQ": ranges["rmdq"]}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.0123, "0.012"),
        (-0.5, "-0.50"),
        (1.0, "1.0"),
        (9.96, "10"),
        (123.0, "120"),
        (1e6, "1000000"),
    ],
)
def test_a_number_has_two_digits_and_no_powers(value: float, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("unit", "low", "high", "told"),
    [
        ("severity", 0.25, 0.5, "NRS 2.5 to 5.0, RMDQ 6.0 to 12.0"),
        # a rate of ln 2 / 4 a week halves the distance in 4 weeks
        ("log per week", math.log(math.log(2) / 4), math.log(math.log(2) / 2), "2.0 to 4.0"),
        # intensities of 0.01 a year, small enough to be the share of people
        ("log intensity per week", math.log(0.01 / 52), math.log(0.02 / 52), "1.0 to 2.0 % a year"),
        ("log intensity per week", math.log(0.1), math.log(0.2), "9.5 to 18 % a week"),
        ("log hazard ratio", math.log(0.5), math.log(2), "hazard ratio 0.50 to 2.0"),
        (
            "log intensity per severity",
            0.0,
            10 * math.log(2),
            "1.0 to 2.0 for 1 NRS or 2.4",
        ),
        ("share", 0.1, 0.95, "10 to 95 %"),
        # a beta of 1 and 1 is uniform, with an SD of 1 / sqrt(12); its precision is 2
        ("precision", 2.0, 2.0, "SD 0.29 to 0.29"),
        # 90 % of a normal lie within 1.645 SDs
        ("SD of log rate", math.log(2) / 1.645, math.log(3) / 1.645, "factor of 2.0 to 3.0"),
    ],
)
def test_an_interval_is_told_in_clinical_units(
    unit: str, low: float, high: float, told: str
) -> None:
    assert told in UNITS[unit](low, high)


def test_entries_are_told_by_name_and_without_names_by_number() -> None:
    two = Normal(mean=(0.2, 0.5), sd=0.1)
    named = Prior(
        distribution=two,
        unit="severity",
        meaning="x",
        label="assumed",
        reason="x",
        entries=("pain", "disability"),
    )
    assert re.fullmatch(r"pain: NRS .*\ndisability: NRS .*", implied(named))
    assert re.fullmatch(r"1: NRS .*\n2: NRS .*", implied(prior("severity", two)))


@pytest.mark.parametrize("name", prior_set_names())
def test_a_printed_set_tells_of_every_parameter_within_its_width(name: str) -> None:
    priors = load_prior_set(name)
    lines = str(priors).splitlines()
    assert max(map(len, lines)) <= WIDTH
    for parameter in priors.parameters:
        assert any(line.startswith(f" {parameter} ") for line in lines), parameter
    told = " ".join(str(priors).split())
    assert f"{LEVEL:.0%}" in told
    # pieces of a row stand beside those of its neighbours: single words are what can be looked for
    assert implied(priors["persistence"]).split()[0] in told


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    command = f"{sys.executable} -m priors | head -1"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Priors 'literature'")
    assert done.stderr == ""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "priors", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prints_a_set_lists_all_and_hints_at_the_nearest() -> None:
    assert run().stdout == f"{load_prior_set('literature')}\n"
    assert run("wide").stdout == f"{load_prior_set('wide')}\n"
    listed = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert listed == list(prior_set_names())
    wrong = run("widee")
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert "Did you mean 'wide'?" in wrong.stderr
    left = run("literature", "--without", "ashar2022").stdout
    assert left == f"{load_prior_set('literature', ['ashar2022'])}\n"
