"""Covariates of people who do not exist, in units that real files have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.cohort.cohort import Covariate

COVARIATES = {
    "age": Covariate("personal", "continuous", "Age", "years"),
    "female": Covariate("personal", "binary", "Female"),
    "episode_weeks": Covariate("health", "continuous", "Weeks since onset", "weeks"),
    "depression": Covariate("psychological", "continuous", "Depression score", "0-27"),
}
"""Meaning of the covariates, in the order of the model."""

_AGE_MEAN, _AGE_SD = 47.5, 14.7  # evidence 1.1
_ADULT, _OLDEST = 18.0, 90.0
_FEMALE_SHARE = 0.55  # evidence 1.1
_EPISODE_MEDIAN = 12.0  # weeks: where the trial of the app cut duration in two (evidence 1.7)
_EPISODE_LOG_SD = 0.8  # assumed; IMPaCT's durations spread wider (evidence 3.11)
_DEPRESSION_MEAN, _DEPRESSION_SHAPE = 6.0, 2.0  # assumed: mild on average, skewed
_DEPRESSION_MAXIMUM = 27.0


def draw_facts(people: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the covariates of a number of people, one row each."""
    age = rng.normal(_AGE_MEAN, _AGE_SD, people).clip(_ADULT, _OLDEST)
    female = rng.random(people) < _FEMALE_SHARE
    episode = _EPISODE_MEDIAN * np.exp(rng.normal(0, _EPISODE_LOG_SD, people))
    depression = rng.gamma(_DEPRESSION_SHAPE, _DEPRESSION_MEAN / _DEPRESSION_SHAPE, people)
    return pd.DataFrame(
        {
            "age": age.round(),
            "female": female.astype(float),
            "episode_weeks": episode.round(1).clip(0.1),
            "depression": depression.round().clip(0, _DEPRESSION_MAXIMUM),
        }
    )
