"""How large a change has to be to count, by outcome, and who says so."""

from __future__ import annotations

from collections.abc import Mapping

from twin.errors import check_names
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
    check_names("report.important_change", settings.important_change, instruments)
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
    check_names("report.harm_change", settings.harm_change, instruments)
    return {outcome: settings.harm_change.get(outcome, 0.0) for outcome in instruments}


def _chosen(value: float | None, scale: Instrument) -> ImportantChange | None:
    if value is not None:
        return ImportantChange(value=value, scale="absolute", source=CONFIGURED)
    return largest_published(scale)


def largest_published(scale: Instrument) -> ImportantChange | None:
    """Return the largest published absolute change that counts as important; None without one."""
    published = [change for change in scale.important_changes if change.scale == "absolute"]
    return max(published, key=lambda change: change.value, default=None)
