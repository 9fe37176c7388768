"""A preview in words."""

from __future__ import annotations

from .preview import WEEKS, Preview

_DECIMALS = {"rmdq": 2, "pain_nrs": 2}


def told(found: Preview) -> str:
    """Return expected differences in clinical units, one line a week."""
    head = (
        f"Expected difference from usual care, mean and 90 % interval over {found.draws} "
        f"populations of {found.people} people drawn from evidence, offered it or not:"
    )
    lines = [head]
    for place, week in enumerate(WEEKS):
        parts = []
        for outcome, ends in found.difference.items():
            decimals = _DECIMALS.get(found.instruments[outcome], 1)
            mean, lower, upper = (f"{x + 0.0:.{decimals}f}" for x in ends[:, place].round(decimals))
            unit = found.instruments[outcome]
            parts.append(f"{outcome} {mean} ({lower} to {upper}) points of {unit}")
        lines.append(f"  week {week:>2}  {'; '.join(parts)}")
    return "\n".join(lines)
