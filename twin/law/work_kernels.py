"""The law of work, compiled.

`work_terms` has the arguments and results of its plain form in `work_filter`; its companion in
`work_gradient_kernels` carries the gradient of any function of its results back to its arguments.
Tests hold both to the plain form and to finite differences. Everything is compiled at first use and
cached on disk by numba.

Indices: w worker, i person, o occasion, g segment (a step is its place among the worker's own), j k
state or outcome, c cell.
"""

from __future__ import annotations

import numpy as np

from .absence_kernels import log_absence
from .course_kernels import level_at
from .grid import Floats, Ints
from .records import WorkRecords
from .small_matrices import as_float, compiled, inlined
from .work import N_TRANSIENT, WorkLaw
from .work_loss_kernels import share_lost
from .work_rate_kernels import first_probabilities
from .work_steps import room_for_steps
from .work_walk_kernels import Worker, walk


@inlined
def begin(
    w: int,
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    law: WorkLaw,
    edges: Floats,
    arm: Ints,
    records: WorkRecords,
    level: Floats,
    first: Floats,
) -> Worker:
    """Return a worker; fill the levels where the process begins, and the chances of each state."""
    i = records.worker[w]
    a = arm[i]
    one = Worker(
        np.exp(log_rate[i]),
        effects[i],
        frailty[i],
        dose[a],
        response_rate[a],
        law.arm_log_hazard[a],
    )
    week = records.start_week[w]
    level_at(one.rate, one.effects, one.dose, one.response_rate, edges, week, level)
    first_probabilities(law.initial_logit, law.initial_slope, one.frailty, level, first)
    return one


@compiled
def work_terms(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    law: WorkLaw,
    edges: Floats,
    arm: Ints,
    records: WorkRecords,
) -> tuple[Floats, Floats]:
    """Compiled `work_filter.work_terms`."""
    workers, outcomes = len(records.worker), len(law.worsening_slope)
    states, absent = np.zeros(workers), np.zeros(workers)
    steps = room_for_steps(records.first_occasion, records.first_segment, outcomes)
    level, first = np.empty(outcomes), np.empty(N_TRANSIENT)
    precision = as_float(law.absence_precision)
    for w in range(workers):
        one = begin(
            w,
            log_rate,
            effects,
            frailty,
            dose,
            response_rate,
            law,
            edges,
            arm,
            records,
            level,
            first,
        )
        after, states[w] = walk(w, one, law, edges, records, first, steps)
        base = records.first_segment[records.first_occasion[w]]
        for o in range(records.first_occasion[w], after):
            if records.days[o] >= 0:
                share = share_lost(o, base, records, steps)
                days, possible = records.days[o], records.possible_days[o]
                absent[w] += log_absence(days, possible, share, precision)
    return states, absent
