"""The coverage study on one screen."""

from __future__ import annotations

from collections.abc import Iterator

from twin.validate.intervals import LEVEL
from twin.validate.verdict import (
    ERROR_RATE,
    PERSON_BAND,
    POPULATION_BAND,
    Count,
    Verdict,
)

_NAMES = 30


def table(verdict: Verdict) -> str:
    """Return coverage by parameter, and both verdicts."""
    return "\n".join([*_population(verdict), "", *_persons(verdict), "", *_verdicts(verdict)])


def _population(verdict: Verdict) -> Iterator[str]:
    yield f"Coverage of {LEVEL:.0%} equal-tailed intervals (band {_band(POPULATION_BAND)})"
    yield f"{'population parameter':<{_NAMES}} entries  pooled  lowest  highest"
    by_name: dict[str, list[Count]] = {}
    for entry, count in verdict.population.items():
        by_name.setdefault(entry.split("[")[0], []).append(count)
    for name, counts in by_name.items():
        shares = [count.share for count in counts]
        pooled = sum(c.covered for c in counts) / sum(c.total for c in counts)
        yield (
            f"{name:<{_NAMES}} {len(counts):>7}  {pooled:>6.1%}  {min(shares):>6.1%}"
            f"  {max(shares):>7.1%}"
        )


def _persons(verdict: Verdict) -> Iterator[str]:
    yield f"{'person effect':<{_NAMES}}   people  covered  (band of all {_band(PERSON_BAND)})"
    for name, count in [*verdict.persons.items(), ("all", verdict.pooled)]:
        yield f"{name:<{_NAMES}} {count.total:>8}  {count.share:>7.1%}"


def _verdicts(verdict: Verdict) -> Iterator[str]:
    seeds = ", ".join(str(seed) for seed in verdict.unconverged)
    yield f"fits that failed their gate: {f'seeds {seeds}' if seeds else 'none'}"
    yield f"person effects within their band: {_said(verdict.persons_pass)}"
    yield (
        f"population parameters outside their band: {len(verdict.outside)} of"
        f" {len(verdict.population)}; {len(verdict.beyond_chance)} of them beyond chance (binomial,"
        f" {ERROR_RATE:.0%} over all parameters and both tails)"
    )
    for name in verdict.outside:
        count = verdict.population[name]
        mark = "BEYOND CHANCE" if name in verdict.beyond_chance else "chance"
        yield f"  {name}: {count.covered} of {count.total}  {mark}"
    yield f"literal verdict: {_verdict(verdict.literally_passed)}"
    yield f"verdict with allowance for chance: {_verdict(verdict.passed)}"


def _band(band: tuple[float, float]) -> str:
    return f"{band[0]:.0%} to {band[1]:.0%}"


def _said(truth: bool) -> str:
    return "yes" if truth else "NO"


def _verdict(passed: bool) -> str:
    return "passed" if passed else "FAILED"
