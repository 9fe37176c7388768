"""Some of a large cohort's people, like all of them, to learn the population from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from twin.cohort import Cohort
from twin.law.grid import Ints
from twin.law.records import Records

from .arrays import records
from .covariate_gaps import covariate_gaps
from .settings import ModelSettings


def representative_rows(data: Records, people: int, seed: int) -> Ints:
    """Choose people systematically, along an order that puts like beside like.

    People are sorted by arm, cluster and whether anything is known of their work, and among those
    alike by their first score, up and down in turn so that the mild and the severe are met equally
    often; every so many of them is taken from a random beginning. Each stratum gives its share, to
    within one person.

    Parameters
    ----------
    data
        The cohort.
    people
        How many, at most all.
    seed
        Seed of the beginning.

    Returns
    -------
    Ints
        Rows in increasing order, shape (people,).
    """
    n = len(data.arm)
    works = np.zeros(n, dtype=np.int64)
    if data.work is not None:
        works[data.work.worker] = 1
    strata = np.stack([data.arm, data.cluster, works], axis=1)
    _, stratum = np.unique(strata, axis=0, return_inverse=True)
    up_or_down = np.where(stratum % 2 == 0, 1, -1)
    order = np.lexsort((up_or_down * data.scores.severity[:, 0], stratum))  # the last counts first
    begin = np.random.default_rng(seed).random()
    places = np.floor((np.arange(people) + begin) * (n / people)).astype(np.int64)
    return np.asarray(np.sort(order[places]), dtype=np.int64)


def subset(cohort: Cohort, data: Records, rows: Ints, model: ModelSettings) -> Records:
    """Return some people's records, their covariates and clusters numbered as in the whole cohort.

    Parameters
    ----------
    cohort, data
        The whole cohort.
    rows
        Who.
    model
        How the model is laid out.
    """
    chosen = cohort.patients.index[rows]
    part = replace(
        cohort,
        patients=cohort.patients.loc[chosen],
        visits=cohort.visits[cohort.visits["patient"].isin(chosen)],
    )
    own = records(part, model.time_grid, model.partial_loss)
    return own._replace(
        covariate=data.covariate[rows],
        gaps=covariate_gaps(data.covariate, rows),
        cluster=data.cluster[rows],
        arm=data.arm[rows],
    )
