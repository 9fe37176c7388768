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
from .small_matrices import as_float, compiled
from .work import N_TRANSIENT, WorkLaw
from .work_loss_kernels import share_lost
from .work_rate_kernels import first_probabilities
from .work_steps import room_for_steps
from .work_walk_kernels import Worker, walk


@compiled
def work_terms(
    log_rate: Floats,
    effects: Floats,
    frailty: Floats,
    dose: Floats,
    response_rate: Floats,
    log_intensity: Floats,
    worsening_slope: Floats,
    recovery_slope: Floats,
    log_exit_intensity: float,
    initial_logit: Floats,
    initial_slope: Floats,
    arm_log_hazard: Floats,
    absence_precision: float,
    edges: Floats,
    arm: Ints,
    worker: Ints,
    start_week: Floats,
    first_occasion: Ints,
    state: Ints,
    days: Ints,
    possible_days: Ints,
    first_segment: Ints,
    window_segment: Ints,
    segment_cell: Ints,
    segment_weeks: Floats,
    segment_reported: Ints,
    loss: Floats,
) -> tuple[Floats, Floats]:
    """Compiled `work_filter.work_terms`."""
    law = WorkLaw(
        log_intensity,
        worsening_slope,
        recovery_slope,
        log_exit_intensity,
        initial_logit,
        initial_slope,
        arm_log_hazard,
        absence_precision,
    )
    records = WorkRecords(
        worker,
        start_week,
        first_occasion,
        state,
        days,
        possible_days,
        first_segment,
        window_segment,
        segment_cell,
        segment_weeks,
        segment_reported,
        loss,
    )
    states = np.zeros(len(worker))
    absent = np.zeros(len(worker))
    steps = room_for_steps(first_occasion, first_segment, len(worsening_slope))
    level = np.empty(len(worsening_slope))
    first = np.empty(N_TRANSIENT)
    precision = as_float(absence_precision)
    for w in range(len(worker)):
        i = worker[w]
        a = arm[i]
        one = Worker(
            np.exp(log_rate[i]),
            effects[i],
            frailty[i],
            dose[a],
            response_rate[a],
            arm_log_hazard[a],
        )
        level_at(one.rate, one.effects, one.dose, one.response_rate, edges, start_week[w], level)
        first_probabilities(initial_logit, initial_slope, one.frailty, level, first)
        after, states[w] = walk(w, one, law, edges, records, first, steps)
        base = first_segment[first_occasion[w]]
        for o in range(first_occasion[w], after):
            if days[o] >= 0:
                opens, closes = window_segment[o], first_segment[o + 1]
                weeks = segment_weeks[opens:closes].sum()
                share = share_lost(opens - base, closes - base, weeks, steps)
                absent[w] += log_absence(days[o], possible_days[o], share, precision)
    return states, absent
