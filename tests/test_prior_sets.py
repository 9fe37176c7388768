"""Sets of priors that say only where they differ from another."""

from priors import load_prior_set, prior_set_names


def test_a_set_with_a_base_differs_from_it_in_what_it_says_and_in_nothing_else() -> None:
    default, acupuncture = load_prior_set("default"), load_prior_set("acupuncture")
    assert acupuncture.name == "acupuncture"
    assert acupuncture.description != default.description
    assert acupuncture.retest_log_sd == default.retest_log_sd
    assert list(acupuncture.parameters) == list(default.parameters)
    differing = {name for name in default.parameters if acupuncture[name] != default[name]}
    assert differing == {"lasting_share"}


def test_every_set_has_a_prior_for_every_parameter_of_the_default() -> None:
    parameters = set(load_prior_set("default").parameters)
    assert all(set(load_prior_set(name).parameters) == parameters for name in prior_set_names())
