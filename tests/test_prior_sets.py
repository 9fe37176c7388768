"""Sets of priors that say only where they differ from another."""

import shutil
from pathlib import Path

import pytest

from priors import load_prior_set, prior_set, prior_set_names

SETS = Path(prior_set.__file__).parent / "sets"


def test_a_set_with_a_base_differs_from_it_in_what_it_says_and_in_nothing_else() -> None:
    default, acupuncture = load_prior_set("literature"), load_prior_set("acupuncture")
    assert acupuncture.name == "acupuncture"
    assert acupuncture.description != default.description
    assert acupuncture.retest_log_sd == default.retest_log_sd
    assert list(acupuncture.parameters) == list(default.parameters)
    differing = {name for name in default.parameters if acupuncture[name] != default[name]}
    assert differing == {"lasting_share"}


@pytest.mark.parametrize("name", prior_set_names())
def test_every_set_has_the_parameters_of_the_default(name: str) -> None:
    assert set(load_prior_set(name).parameters) == set(load_prior_set("literature").parameters)


def test_a_parameter_that_the_base_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SETS, tmp_path / "sets")
    text = (SETS / "acupuncture.yaml").read_text("utf-8")
    wrong = text.replace("lasting_share:", "lasting_shar:")
    (tmp_path / "sets" / "wrong.yaml").write_text(wrong, "utf-8")
    monkeypatch.setattr(prior_set.resources, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=r"'lasting_shar'. Did you mean 'lasting_share'\?"):
        load_prior_set("wrong")
