"""How large a change has to be to count, by outcome, and who says so."""

from __future__ import annotations

from collections.abc import Mapping

from priors.near import nearest
from twin.errors import InputError, Problem
from twin.instruments import ImportantChange, Instrument

from .settings import OutcomeSettings

CONFIGURED = "set in the configuration"


def important_changes(
    instruments: Mapping[str, Instrument], settings: OutcomeSettings
) -> dict[str, ImportantChange | None]:
    """Return the improvement that counts as important for each outcome, with its source.

    Parameters
    ----------
    instruments
        Instrument of each outcome.
    settings
        What was chosen; of several published absolute changes the largest is taken otherwise.

    Returns
    -------
    dict
        By outcome; None where nothing was chosen and nothing absolute is published.

    Raises
    ------
    InputError
        If a threshold was chosen for an outcome that there is not.
    """
    check_outcomes("report.important_change", settings.important_change, instruments)
    return {
        outcome: _chosen(settings.important_change.get(outcome), scale)
        for outcome, scale in instruments.items()
    }


def harm_changes(
    instruments: Mapping[str, Instrument], settings: OutcomeSettings
) -> dict[str, float]:
    """Return the worsening beyond which a person counts as harmed, score points by outcome.

    Raises
    ------
    InputError
        If a threshold was chosen for an outcome that there is not.
    """
    check_outcomes("report.harm_change", settings.harm_change, instruments)
    return {outcome: settings.harm_change.get(outcome, 0.0) for outcome in instruments}


def _chosen(value: float | None, scale: Instrument) -> ImportantChange | None:
    if value is not None:
        return ImportantChange(value=value, scale="absolute", source=CONFIGURED)
    return largest_published(scale)


def largest_published(scale: Instrument) -> ImportantChange | None:
    """Return the largest published absolute change that counts as important; None without one."""
    published = [change for change in scale.important_changes if change.scale == "absolute"]
    return max(published, key=lambda change: change.value, default=None)


def check_outcomes(
    key: str, chosen: Mapping[str, object], instruments: Mapping[str, Instrument]
) -> None:
    """Refuse values that were chosen for outcomes that there are not.

    Parameters
    ----------
    key
        Where they stand in the configuration, as ``report.important_change``.
    chosen
        Values by name of an outcome.
    instruments
        Instrument of each outcome.

    Raises
    ------
    InputError
        Naming each unknown outcome, and the nearest.
    """
    unknown = [name for name in chosen if name not in instruments]
    if unknown:
        listed = ", ".join(instruments)
        raise InputError(
            Problem(
                "configuration",
                "is not an outcome of the cohort",
                column=key,
                value=name,
                remedy=f"Outcomes: {listed}.{nearest(name, instruments)}",
            )
            for name in unknown
        )
