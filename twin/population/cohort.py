"""People who do not exist, as a cohort: facts about them, and nothing that was recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd

from priors import EvidenceLibrary
from twin.cohort import Cohort
from twin.instruments import instrument

from .facts import COVARIATES, draw_facts
from .settings import PopulationSettings

OUTCOMES = ("pain", "disability")
"""In the order in which the evidence was elicited."""
_DIGITS = 4  # ids of the same length up to ten thousand people


def evidence_cohort(settings: PopulationSettings, library: EvidenceLibrary, seed: int) -> Cohort:
    """Draw people by the evidence on who comes to primary care with low back pain.

    They stand at baseline with no score and no work status recorded: what they are like is drawn
    with each population, given the facts about them. A person is the same whoever else is drawn.

    Parameters
    ----------
    settings
        Who is wanted.
    library
        The evidence.
    seed
        Seed of the run.
    """
    width = max(_DIGITS, len(str(settings.people)))
    patients = [f"e{number:0{width}}" for number in range(1, settings.people + 1)]
    facts = draw_facts(settings, library, patients, seed)
    visits = pd.DataFrame({"patient": patients, "week": 0.0, "work_status": None})
    return Cohort(
        name=settings.name,
        synthetic=True,
        patients=facts.assign(arm="cohort", cluster=None, body_region="low_back").astype(
            {"arm": "str", "cluster": "str", "body_region": "str", "episode_class": "str"}
        ),
        visits=visits.assign(**dict.fromkeys(OUTCOMES, np.nan)).astype({"work_status": "str"}),
        outcomes={
            "pain": instrument(settings.pain_instrument),
            "disability": instrument(settings.disability_instrument),
        },
        covariates=COVARIATES,
        work_unseen=bool(facts["labour_force"].any()),
    )
