"""What the convergence gate found, as a table; light enough to be read without a sampler."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

_WORST_SHOWN = 5


class Check(BaseModel):
    """One rule of the gate and what was found.

    Attributes
    ----------
    rule
        What has to hold.
    worst
        Name of the quantity that comes nearest to breaking it, or breaks it most.
    found
        Its value.
    failing
        Names of all that break it, the worst first.
    """

    # A chain that is stuck has no R-hat; a stored report has to keep that NaN.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    rule: str
    worst: str
    found: float
    failing: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing breaks the rule."""
        return not self.failing


class GateReport(BaseModel):
    """What the gate found, rule by rule; `print` shows it as a table."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    rows: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return all(row.passed for row in self.rows)

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        width = max(len(row.rule) for row in self.rows)
        lines = [f"Convergence gate: {verdict}"]
        for row in self.rows:
            mark = "ok  " if row.passed else "FAIL"
            lines.append(f"  {mark}  {row.rule:<{width}}  worst {row.found:.4g} ({row.worst})")
            if row.failing:
                listed = ", ".join(row.failing[:_WORST_SHOWN])
                more = len(row.failing) - _WORST_SHOWN
                tail = f" and {more} more" if more > 0 else ""
                lines.append(f"        {len(row.failing)} fail, worst first: {listed}{tail}")
        return "\n".join(lines)


class ConvergenceError(Exception):
    """A fit did not pass the gate; `report` says where."""

    def __init__(self, report: GateReport) -> None:
        self.report = report
        super().__init__(report)

    def __str__(self) -> str:
        return (
            f"{self.report}\n"
            "The fit did not converge and nothing was stored. Raise sampler.tune, sampler.draws or "
            "sampler.target_accept, or go on with fit.accept_unconverged=true, which marks every "
            "output."
        )
