"""A preview in words."""

from __future__ import annotations

from .preview import WEEKS, Preview

_DECIMALS = {"rmdq": 2, "pain_nrs": 2}


def told(found: Preview) -> str:
    """Return expected differences in clinical units, one line a week."""
    head = (
        f"Expected difference from usual care, mean and 90 % interval over {found.draws} "
        f"populations of {found.people} people drawn from evidence{_kinds(found)}, offered it or "
        "not:"
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


def _kinds(found: Preview) -> str:
    """Return in words which people they are, where they are not of all kinds."""
    parts = []
    for name, value in found.kinds.items():
        several = value if isinstance(value, tuple) else (value,)
        parts.append(f"{name.replace('_', ' ')} {', '.join(map(_word, several))}")
    return f" ({'; '.join(parts)})" if parts else ""


def _word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
