"""Expressions: what they mean, what is refused, and that nothing of a file is run."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.expression import parse, problems

NAN = math.nan
PEOPLE = {
    "age": np.array([70.0, 30.0, NAN, 65.0]),
    "female": np.array([1.0, 0.0, 1.0, NAN]),
    "work": np.array(["working", "sick_listed", "", "restricted"]),
}
KINDS = {"age": None, "female": None, "work": ("working", "restricted", "sick_listed")}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("age >= 65", [1, 0, NAN, 1]),
        ("not age >= 65", [0, 1, NAN, 0]),
        ("female", [1, 0, 1, NAN]),
        ("age >= 65 and female", [1, 0, NAN, NAN]),
        ("age >= 65 or female", [1, 0, 1, 1]),
        ("age < 40 and female", [0, 0, NAN, 0]),
        ("18 <= age < 66", [0, 1, NAN, 1]),
        ("work == 'working'", [1, 0, NAN, 0]),
        ("work in ['restricted', 'sick_listed']", [0, 1, NAN, 1]),
        ("work not in ('restricted',)", [1, 1, NAN, 0]),
        ("(age - 50) / 10", [2, -2, NAN, 1.5]),
        ("-age + 2 * age", [70, 30, NAN, 65]),
        ("age / 0 > 1", [NAN, NAN, NAN, NAN]),
        ("True", [1, 1, 1, 1]),
    ],
)
def test_an_expression_means_what_it_says(text: str, wanted: list[float]) -> None:
    found = np.broadcast_to(np.asarray(parse(text).evaluate(PEOPLE), dtype=float), (4,))
    truths = parse(text).holds(PEOPLE) if set(wanted) <= {0, 1} else None
    np.testing.assert_array_equal(np.where(np.isnan(found), NAN, found), wanted)
    if truths is not None:
        np.testing.assert_array_equal(np.broadcast_to(truths, (4,)), np.array(wanted) == 1)


def test_what_is_not_known_does_not_hold() -> None:
    np.testing.assert_array_equal(
        parse("age >= 65 or age < 65").holds(PEOPLE), [True, True, False, True]
    )


def test_unknown_follows_kleene() -> None:
    values = {"a": np.repeat([0.0, NAN, 1.0], 3), "b": np.tile([0.0, NAN, 1.0], 3)}
    both, either = parse("a and b").evaluate(values), parse("a or b").evaluate(values)
    np.testing.assert_array_equal(both, [0, 0, 0, 0, NAN, NAN, 0, NAN, 1])
    np.testing.assert_array_equal(either, [0, NAN, 1, NAN, NAN, 1, 1, 1, 1])


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "age.__class__",
        "age[0]",
        "[age for age in age]",
        "lambda: 1",
        "age if female else 0",
        "f'{age}'",
        "open('x')",
        "age ** 999999999",
        "age := 3",
        "*age",
        "age is female",
        "age in age",
        "age in []",
        "{'a': 1}",
        "b'x'",
        "1e999",
        "1j",
        "...",
        "age <",
        "(" * 300 + "age" + ")" * 300,
        "not " * 30 + "age",
        "age > 1 and " * 60 + "age",
        "",
        "  ",
        "age\x00",
    ],
)
def test_what_is_no_expression_is_refused_and_nothing_is_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|no expression|empty|nested|characters"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value", "says"),
    [
        ("aeg > 1", "aeg", "Did you mean 'age'?"),
        ("work == 'sick_lsted'", "sick_lsted", "Did you mean 'sick_listed'?"),
        ("work in ['working', 'away']", "away", "work is one of working, restricted"),
        ("work > 'working'", ">", "Write == or != or in."),
        ("age == 'old'", "age == 'old'", "Words stand in quotes"),
        ("work == 3", "work == 3", "Words stand in quotes"),
        ("work and female", "work", "Compare it: work == '...'."),
        ("work + 1 > 2", "work", "Compare it"),
        ("not work", "work", "Compare it"),
    ],
)
def test_what_people_lack_is_named_with_the_nearest(text: str, value: str, says: str) -> None:
    (found,) = problems(parse(text), KINDS)
    assert found.value == value
    assert says in found.remedy


def test_what_fits_has_no_problem() -> None:
    text = "18 <= age and not female or work in ['working'] and (age - 50) / 10 > -female"
    assert list(problems(parse(text), KINDS)) == []
    assert parse(text).names == ("age", "female", "work")
