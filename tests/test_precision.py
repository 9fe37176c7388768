"""A simulation goes on until differences are as precise as was asked for, or says what it lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from twin.errors import InputError
from twin.outcomes.precision import Reached, check_precision, in_words, more_draws, reached


def table(**errors: list[float]) -> pd.DataFrame:
    rows = [
        {
            "quantity": "days_lost" if name == "days_lost" else "expected_score",
            "outcome": "" if name == "days_lost" else name,
            "mcse_mean": error,
        }
        for name, of in errors.items()
        for error in of
    ]
    return pd.DataFrame(rows)


def test_the_largest_error_of_a_difference_counts() -> None:
    found = reached(table(pain=[0.01, 0.2], days_lost=[0.5]), {"pain": 0.1, "days_lost": 0.5})
    assert found == [Reached("pain", 0.1, 0.2), Reached("days_lost", 0.5, 0.5)]
    assert [one.enough for one in found] == [False, True]


def test_draws_follow_the_root_law_until_there_are_no_more() -> None:
    # half the error needs four times the draws, and a tenth of them as a margin
    assert more_draws([Reached("pain", 0.1, 0.2)], 1000, 10_000) == 4400
    assert more_draws([Reached("pain", 0.1, 0.2)], 1000, 4000) == 4000
    assert more_draws([Reached("pain", 0.1, 0.1)], 1000, 4000) == 1000
    assert more_draws([Reached("pain", 0.1, 0.101)], 1000, 4000) == 1250
    assert more_draws([Reached("pain", 0.1, np.nan)], 3, 4000) == 24


def test_what_was_not_reached_says_what_it_needs() -> None:
    told = in_words([Reached("pain", 0.1, 0.2), Reached("disability", 0.3, 0.2)], 1000)
    assert "pain: Monte-Carlo error 0.2 with 1000 draws, not the 0.1" in told
    assert "needs about 4400 draws" in told
    assert "disability: Monte-Carlo error 0.2 with 1000 draws, 0.3 was asked for." in told
    assert "too few draws (3)" in in_words([Reached("pain", 0.1, np.nan)], 3)


def test_precision_of_the_unknown_is_refused_with_the_nearest() -> None:
    check_precision({"pain": 0.1, "days_lost": 1.0}, {"pain": None}, has_work=True)
    with pytest.raises(
        InputError, match=r"'pian' .*There are pain, days_lost. Did you mean 'pain'"
    ):
        check_precision({"pian": 0.1}, {"pain": None}, has_work=True)
    with pytest.raises(InputError, match="'days_lost'"):
        check_precision({"days_lost": 1.0}, {"pain": None}, has_work=False)
