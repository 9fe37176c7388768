"""The study on one screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twin.validate.sbc.design import RANKED
from twin.validate.sbc.replicate import DIVERGENT_SHARE, ESS, RHAT, Outcome
from twin.validate.sbc.uniformity import ERROR_RATE
from twin.validate.sbc.verdict import FAILED_SHARE, Verdict

_SHOWN = 8  # quantities listed when all is well


def table(verdict: Verdict, outcomes: Sequence[Outcome]) -> str:
    """Return the least uniform quantities, the failures, the power and the verdict."""
    return "\n".join([*_uniformity(verdict), *_failures(verdict, outcomes), *_verdict(verdict)])


def _uniformity(verdict: Verdict) -> Iterator[str]:
    kept = verdict.replicates - len(verdict.failed)
    yield (
        f"Ranks of {len(verdict.p_values)} quantities among {RANKED} draws in {kept} replicates"
        f" (family-wise error {ERROR_RATE:.0%}, Holm)"
    )
    yield f"{'least uniform':<60} {'p':>8} {'adjusted':>9}"
    shown = max(_SHOWN, len(verdict.found))
    for name, p in list(verdict.adjusted.items())[:shown]:
        mark = "  NOT UNIFORM" if name in verdict.found else ""
        yield f"{name:<60} {verdict.p_values[name]:>8.5f} {p:>9.4f}{mark}"
    for name, power in verdict.power.items():
        yield f"power against a {name} in one quantity: {power:.2f}"


def _failures(verdict: Verdict, outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield (
        f"replicates that did not converge: {len(verdict.failed)} of {verdict.replicates},"
        f" {verdict.failed_share:.1%} (at most {FAILED_SHARE:.0%}; rule: R-hat <= {RHAT:g}, bulk"
        f" ESS >= {ESS:g}, divergences <= {DIVERGENT_SHARE:.0%} of draws)"
    )
    for outcome in outcomes:
        if not outcome.converged:
            (high, rhat), (low, ess) = outcome.rhat, outcome.ess
            yield (
                f"  seed {outcome.seed}: R-hat {rhat:.3f} ({high}), ESS {ess:.0f} ({low}),"
                f" {outcome.divergences} divergences"
            )


def _verdict(verdict: Verdict) -> Iterator[str]:
    uniform = f"NO, {len(verdict.found)} are not" if verdict.found else "yes"
    yield f"all ranks uniform as far as can be told: {uniform}"
    yield f"verdict: {'passed' if verdict.passed else 'FAILED'}"
