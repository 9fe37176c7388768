"""Sets of priors: what each rests on, what it leaves out, how one differs from another."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from priors import (
    EvidenceLibrary,
    LogNormal,
    Normal,
    PriorSet,
    load_evidence,
    load_prior_set,
    prior_set_names,
)
from priors.prior import Belief
from priors.sources import TO_BE_VERIFIED
from twin.law.parameters import ModelSpec

SETS = Path(__file__).resolve().parents[1] / "priors" / "sets"
EVIDENCE = load_evidence()
COHORTS = sorted({source.cohort for source in EVIDENCE.sources.values() if source.cohort})
LITERATURE = load_prior_set("literature")


def beliefs(priors: PriorSet) -> dict[str, Belief]:
    """Everything that a set says, by name."""
    return {"retest": priors.retest, **priors.parameters}


def written(folder: Path, **files: str) -> Path:
    """Return a folder with the shipped sets and others beside them."""
    shutil.copytree(SETS, folder / "sets")
    for name, text in files.items():
        (folder / "sets" / f"{name}.yaml").write_text(text, "utf-8")
    return folder / "sets"


def one(parameter: str, belief: str) -> str:
    """Return the text of a set that differs from literature in one belief."""
    return f"base: literature\ndescription: of a test\nparameters:\n  {parameter}: {{{belief}}}\n"


NORMAL = "distribution: {family: normal, mean: 0, sd: 1}"
WITHOUT = "without: {ashar2022: {family: normal, mean: 0, sd: 2}}"


# ---- what a prior rests on


@pytest.mark.parametrize("name", prior_set_names())
def test_every_prior_names_usable_evidence_or_says_that_it_is_assumed(name: str) -> None:
    usable = {record.key for record in EVIDENCE.of_use("prior")}
    for parameter, belief in beliefs(load_prior_set(name)).items():
        assert set(belief.evidence) <= usable, parameter
        assert belief.evidence or belief.label == "assumed", parameter
        assert belief.reason, parameter


@pytest.mark.parametrize("name", prior_set_names())
def test_a_set_cites_each_work_that_it_rests_on_once_with_how_surely_it_was_read(name: str) -> None:
    for parameter, belief in beliefs(load_prior_set(name)).items():
        records = [EVIDENCE[key] for key in belief.evidence]
        works = {record.source for record in records}
        assert len(belief.cited) == len(works), parameter
        for record in records:
            assert record.source is not None
            work = EVIDENCE.sources[record.source].short
            (cited,) = (one for one in belief.cited if one.startswith(f"{work} ["))
            assert record.mark in cited


@pytest.mark.parametrize("name", prior_set_names())
def test_what_was_recalled_is_printed_as_such(name: str) -> None:
    priors = load_prior_set(name)
    recalled = {
        parameter
        for parameter, belief in beliefs(priors).items()
        if any(EVIDENCE[key].status == "recalled" for key in belief.evidence)
        or "recalled" in belief.reason
    }
    for parameter in recalled:
        assert TO_BE_VERIFIED in beliefs(priors)[parameter].source, parameter


def test_evidence_that_is_only_recalled_is_marked_where_a_prior_rests_on_it(tmp_path: Path) -> None:
    key = "expectation_work_odds_ratio"
    assert EVIDENCE[key].status == "recalled"
    text = one("work_frailty_sd", f"{NORMAL}, label: borrowed, evidence: [{key}], reason: a test")
    priors = load_prior_set("mine", folder=written(tmp_path, mine=text))
    shown = " ".join(str(priors).split())
    assert TO_BE_VERIFIED in shown
    assert TO_BE_VERIFIED not in " ".join(str(LITERATURE).split())


@pytest.mark.parametrize(
    ("belief", "says"),
    [
        ("label: borrowed, reason: x", "must name the evidence"),
        ("label: borrowed, evidence: [practice_ic], reason: x", "Did you mean 'practice_icc'"),
        ("label: borrowed, evidence: [selfback_responders_app_3mo], reason: x", "for validation"),
        ("label: assumed, evidence: [random_slope_sd_rmdq], reason: x", "is a gap"),
        ("label: assumed", "reason"),
        ("label: assumed, reason: x, unit: furlong", "'furlong' is not a unit"),
        ("label: assumed, reason: x, evidnce: []", "evidnce"),
    ],
)
def test_a_prior_without_a_basis_is_refused(tmp_path: Path, belief: str, says: str) -> None:
    folder = written(tmp_path, mine=one("spread", f"{NORMAL}, {belief}"))
    with pytest.raises(ValueError, match=says):
        load_prior_set("mine", folder=folder)


# ---- the fitted cohort's own evidence


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("name", prior_set_names())
def test_no_prior_of_a_fit_rests_on_figures_of_its_own_cohort(name: str, cohort: str) -> None:
    own = {
        record.key
        for record in EVIDENCE.records
        for source in (record.source, *record.also_in)
        if source is not None and EVIDENCE.sources[source].cohort == cohort
    }
    assert own
    for parameter, belief in beliefs(load_prior_set(name, [cohort])).items():
        assert not own & set(belief.evidence), parameter


def test_what_came_from_a_cohort_changes_priors_of_other_fits_and_none_of_its_own(
    tmp_path: Path,
) -> None:
    shipped = (SETS / "literature.yaml").read_text("utf-8")
    old = "median: 0.11, log_sd: 0.4}"  # of the spread, which rests on figures of ashar2022
    assert shipped.count(old) == 1
    folder = written(tmp_path, changed=shipped.replace(old, "median: 0.2, log_sd: 0.4}"))
    for cohort, alike in (("ashar2022", True), ("choir_alter2021", False), ("synthetic", False)):
        changed = load_prior_set("changed", [cohort], folder=folder)
        assert (changed.numbers == load_prior_set("literature", [cohort]).numbers) is alike


def test_figures_of_a_cohort_that_become_evidence_make_its_fits_refuse_a_set_that_cites_them(
    tmp_path: Path,
) -> None:
    """Nothing in the set changes: what is known of the source does."""
    source = EVIDENCE[LITERATURE["cluster_start_sd"].evidence[0]].source
    assert source is not None
    ours = EVIDENCE.sources[source].model_copy(update={"cohort": "ours"})
    library = replace(EVIDENCE, sources={**EVIDENCE.sources, source: ours})
    assert isinstance(library, EvidenceLibrary)
    with pytest.raises(ValueError, match=r"cluster_start_sd: rests on figures of cohort ours"):
        load_prior_set("literature", evidence=library)


@pytest.mark.parametrize(
    ("belief", "says"),
    [
        (
            "label: borrowed, evidence: [boulder_nrs_retest], reason: x",
            r"spread: rests on figures of cohort ashar2022 \(boulder_nrs_retest\).*`without`",
        ),
    ],
)
def test_a_set_that_cannot_leave_a_cohort_out_is_refused(
    tmp_path: Path, belief: str, says: str
) -> None:
    folder = written(tmp_path, mine=one("spread", f"{NORMAL}, {belief}"))
    with pytest.raises(ValueError, match=says):
        load_prior_set("mine", folder=folder)


def test_what_rested_on_a_cohort_alone_is_assumed_without_it(tmp_path: Path) -> None:
    belief = f"{NORMAL}, label: borrowed, evidence: [boulder_nrs_retest], reason: x, {WITHOUT}"
    folder = written(tmp_path, mine=one("spread", belief))
    left = load_prior_set("mine", ["ashar2022"], folder=folder)
    assert left["spread"].label == "assumed"
    assert left["spread"].distribution == Normal(mean=0, sd=2)
    assert left.notes == ("without what came from ashar2022: spread",)
    assert load_prior_set("mine", ["another"], folder=folder)["spread"].label == "borrowed"


# ---- one set from another


def test_a_set_with_a_base_differs_from_it_in_what_it_says_and_in_nothing_else() -> None:
    acupuncture = load_prior_set("acupuncture")
    assert acupuncture.name == "acupuncture"
    assert acupuncture.description != LITERATURE.description
    assert acupuncture.retest == LITERATURE.retest
    assert list(acupuncture.parameters) == list(LITERATURE.parameters)
    differing = {name for name in LITERATURE.parameters if acupuncture[name] != LITERATURE[name]}
    assert differing == {"lasting_share", "covariate_r2"}
    assert acupuncture["lasting_share"].meaning == LITERATURE["lasting_share"].meaning


@pytest.mark.parametrize("name", prior_set_names())
def test_every_set_has_the_parameters_of_literature(name: str) -> None:
    assert list(load_prior_set(name).parameters) == list(LITERATURE.parameters)


def test_wide_is_nowhere_narrower_and_wider_wherever_it_does_not_say_why_not() -> None:
    wide, rng = load_prior_set("wide"), np.random.default_rng(1)
    for name, prior in LITERATURE.parameters.items():
        kept = "; kept as in literature: " in wide[name].reason
        assert (wide[name].distribution == prior.distribution) is kept, name
        shape = (3, 3) if prior.distribution.family == "lkj" else (4000, len(prior.entries) or 1)
        if not kept and prior.distribution.family != "lkj":
            log = isinstance(prior.distribution, LogNormal)
            sd = [
                np.std(np.log(values) if log else values)
                for values in (
                    belief.distribution.draw(rng, shape) for belief in (prior, wide[name])
                )
            ]
            assert sd[1] > 1.15 * sd[0], name
    assert wide.retest_log_sd == pytest.approx(2 * LITERATURE.retest_log_sd)


def test_wide_is_wider_without_a_cohort_too() -> None:
    left = [load_prior_set(name, ["ashar2022"])["spread"] for name in ("literature", "wide")]
    narrow, wide = (prior.distribution for prior in left)
    assert isinstance(narrow, LogNormal)
    assert isinstance(wide, LogNormal)
    assert (wide.median, wide.log_sd) == pytest.approx((narrow.median, 2 * float(narrow.log_sd)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (one("lasting_shar", NORMAL), r"'lasting_shar'. Did you mean 'lasting_share'\?"),
        (
            "base: literature\ndescription: x\nwiden: {factor: 2, keep: {spred: why}}",
            r"'spred'. Did you mean 'spread'\?",
        ),
        ("base: literatur\ndescription: x", r"'literatur'.*Did you mean 'literature'\?"),
        ("base: literature\nbase: wide", "'base' stands there twice"),
        ("base: literature\ndescription: x\nwiden: {factor: 0.5}", "greater than 1"),
    ],
)
def test_a_set_that_does_not_fit_its_base_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(Exception, match=says):
        load_prior_set("mine", folder=written(tmp_path, mine=text))


def test_a_set_is_told_from_another_by_its_numbers_not_by_its_words() -> None:
    other = LITERATURE.model_copy(update={"name": "other", "description": "other"})
    assert other.numbers == LITERATURE.numbers
    assert load_prior_set("wide").numbers != LITERATURE.numbers


def test_named_entries_are_those_of_the_model() -> None:
    spec = ModelSpec(("pain",), ("usual_care", "app"), (), (), True)
    assert LITERATURE["log_intensity"].entries == spec.coords["transition"]
    assert LITERATURE["initial_logit"].entries == spec.coords["initial_state"]


# ---- what was elicited

CLASSES = ("acute", "subacute", "persistent")


@pytest.mark.parametrize("group", CLASSES)
def test_a_class_of_people_has_what_was_elicited_for_it_and_literature_for_the_rest(
    group: str,
) -> None:
    path = SETS.parent / "elicited" / "population.yaml"
    written = yaml.safe_load(path.read_text("utf-8"))
    elicited = written["parameters"] | written["classes"][group]
    priors = load_prior_set(f"literature_{group}")
    for name, prior in priors.parameters.items():
        if name in elicited:
            found = prior.distribution.model_dump(mode="json")
            assert found == elicited[name]["distribution"], name
            assert list(prior.outcomes) == written["outcomes"], name
        else:
            assert prior == LITERATURE[name], name


def test_pain_is_believed_to_end_lower_the_more_recent_it_is() -> None:
    """Rows 7.3 to 7.5: 21, 31 and 40 points of 100 after a year."""
    means = []
    for group in CLASSES:
        chosen = load_prior_set(f"literature_{group}").of_outcomes(["pain"])
        found = chosen["set_point_mean"].distribution
        assert isinstance(found, Normal)
        assert isinstance(found.mean, tuple)
        means.append(found.mean[0])
    assert means == sorted(means)


def test_what_is_stated_by_outcome_follows_the_order_of_a_cohort() -> None:
    priors = load_prior_set("literature_acute")
    turned = priors.of_outcomes(["disability", "pain"])
    one, other = priors["start_sd"].distribution, turned["start_sd"].distribution
    assert isinstance(one, LogNormal)
    assert isinstance(other, LogNormal)
    assert isinstance(one.median, tuple)
    assert isinstance(other.median, tuple)
    assert isinstance(other.log_sd, tuple)
    assert other.median == one.median[::-1]
    assert other.log_sd != other.log_sd[::-1]
    assert turned["persistence"] == priors["persistence"]
    assert LITERATURE.of_outcomes(["headache", "function"]) == LITERATURE


def test_a_set_that_says_nothing_of_an_outcome_is_refused_for_its_cohort() -> None:
    with pytest.raises(ValueError, match=r"literature_acute.*and disability.*not for headache"):
        load_prior_set("literature_acute").of_outcomes(["headache", "pain"])


def test_a_class_that_was_not_elicited_is_refused_with_the_nearest(tmp_path: Path) -> None:
    mine = "base: literature\ndescription: x\nelicited: {group: acut}"
    with pytest.raises(ValueError, match=r"has no class 'acut'.*Did you mean 'acute'"):
        load_prior_set("mine", folder=written(tmp_path, mine=mine))
