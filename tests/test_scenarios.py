"""Scenarios: what ships says what was published, and a bad file is refused in words."""

import copy
import math
import re
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import yaml
from pydantic import ValidationError
from scipy import stats

from priors import (
    Beta,
    HalfNormal,
    LogNormal,
    Normal,
    NormalMixture,
    load_elicited_effects,
    load_evidence,
)
from priors.elicited import Setting
from scenarios import (
    Effect,
    Intervention,
    Scenario,
    SingleDistribution,
    centre,
    interval,
    intervention_names,
    load_scenario,
    scenario_names,
)
from scenarios.cite import Citations
from scenarios.load import intervention_mapping
from twin.cohort import CohortMapping
from twin.errors import from_validation
from twin.instruments import instruments

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = (
    "app",
    "betterback",
    "betterback_roll_out",
    "cognitive_functional_therapy",
    "combined_programme",
    "digital_after_a_wait",
    "digital_self_management",
    "exercise",
    "graded_activity",
    "manual_therapy",
    "nhs_pathway",
    "nhs_pathway_by_stages",
    "null",
    "pain_education_physiotherapy",
    "pain_reprocessing",
    "pain_reprocessing_borrowed",
    "selfback",
    "stepped_care",
    "stratified_care",
    "stratified_pathways",
    "usual_care",
    "workplace",
)


def effect_of(name: str, target: str) -> Effect:
    (intervention,) = load_scenario(name, setting="same").interventions
    (effect,) = (effect for effect in intervention.effects if effect.target == target)
    return effect


def published(name: str, target: str) -> tuple[float, float, float]:
    """Return the mean of an effect and its 95 % interval, as a paper would print them."""
    effect = effect_of(name, target)
    return (centre(effect.distribution), *interval(effect.distribution, 0.95))


# What ships


def test_the_names_are_those_of_the_files() -> None:
    assert scenario_names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_prints_itself_on_a_screen_or_less_for_each_part(name: str) -> None:
    scenario = load_scenario(name)
    lines = str(scenario).splitlines()
    assert len(lines) < 12 + 18 * max(1, len(scenario.interventions))
    assert max(map(len, lines)) <= 100
    assert scenario.title in lines[0]
    printed = re.sub(r"\s+", " ", str(scenario))
    assert scenario.question in printed
    assert scenario.question.endswith("?")
    for intervention in scenario.interventions:
        assert all(effect.source in printed for effect in intervention.effects)
        assert printed.count("[") == printed.count("]")
        assert len(re.findall(r"\[(?:estimated|borrowed|assumed)", printed)) == len(
            scenario.statements
        )


def test_usual_care_does_nothing_and_rests_on_nothing() -> None:
    scenario = load_scenario("usual_care")
    assert scenario.interventions == ()
    assert scenario.labels == {}
    assert scenario.statements == ()


@pytest.mark.parametrize("name", SHIPPED)
def test_every_borrowed_number_names_its_row_of_the_evidence(name: str) -> None:
    for statement in load_scenario(name).statements:
        if statement.label == "borrowed":
            assert re.search(r"evidence \d+\.\d+", statement.source), statement


@pytest.mark.parametrize("name", SHIPPED)
def test_instruments_named_are_in_the_catalogue(name: str) -> None:
    for intervention in load_scenario(name).interventions:
        for effect in intervention.effects:
            assert effect.instrument is None or effect.instrument in instruments()


def test_the_effect_of_selfback_on_disability_is_the_published_one() -> None:
    # 0.79 RMDQ points (0.06 to 1.51) in favour at 3 months (evidence 1.2)
    effect = effect_of("selfback", "disability")
    assert (effect.unit, effect.instrument, effect.at_week) == ("score", "rmdq", 13)
    assert effect.label == "borrowed"
    # in the setting of the trial; the pooling's prior shrinks it by a hundredth of its error
    assert published("selfback", "disability") == pytest.approx((-0.79, -1.51, -0.06), abs=0.02)


def test_the_effect_of_selfback_on_pain_is_assumed_and_centred_on_none() -> None:
    effect = effect_of("selfback", "pain")
    assert effect.label == "assumed"
    assert centre(effect.distribution) == 0
    assert effect.distribution.sd == pytest.approx(0.79 / 24, abs=5e-4)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "usual_care"])
def test_every_intervention_says_for_whom_it_is_and_what_it_uses(name: str) -> None:
    for intervention in load_scenario(name).interventions:
        assert intervention.eligibility
        assert intervention.resources or intervention.does_nothing


@pytest.mark.parametrize("name", SHIPPED)
def test_what_was_recalled_is_printed_as_such(name: str) -> None:
    library, known = load_evidence(), load_elicited_effects()
    for setting in get_args(Setting):
        scenario = load_scenario(name, setting=setting)
        printed = re.sub(r"\s+", " ", str(scenario))
        for intervention in scenario.interventions:
            cited = [*intervention.effects, *intervention.beliefs.values()]
            for effect in (known[one.evidence] for one in cited if one.evidence is not None):
                for record in map(library.prior, effect.evidence):
                    mark = "" if record.status == "read" else f"; {record.mark}"
                    row = rf"([\d.]+, )*{re.escape(record.row)}(, [\d.]+)*"
                    assert re.search(rf"\(evidence {row}{mark}\)", printed), record.key


def test_an_effect_that_no_figure_speaks_to_is_centred_on_none() -> None:
    for name in SHIPPED:
        for intervention in load_scenario(name).interventions:
            for effect in intervention.effects:
                if effect.label == "assumed":
                    assert centre(effect.distribution) == 0, (name, effect.target)


def test_another_setting_makes_an_effect_smaller_and_less_sure() -> None:
    for name, target in (("selfback", "disability"), ("workplace", "first_return")):
        (intervention,) = load_scenario(name).interventions
        (elsewhere,) = (effect for effect in intervention.effects if effect.target == target)
        same = effect_of(name, target)
        assert abs(elsewhere.centre) < abs(same.centre)
        assert np.ptp(elsewhere.interval) > 1.5 * np.ptp(same.interval)


def test_evidence_from_the_cohort_that_is_fitted_is_left_out() -> None:
    name = "pain_reprocessing_borrowed"
    (borrowed,) = (e for e in load_scenario(name).interventions[0].effects if e.target == "pain")
    assert borrowed.label == "borrowed"
    assert borrowed.centre < -1
    without = load_scenario(name, without=["ashar2022"]).interventions[0]
    (assumed,) = (effect for effect in without.effects if effect.target == "pain")
    assert assumed.label == "assumed"
    assert assumed.centre == 0
    assert "evidence" not in assumed.source


def test_labels_say_what_is_estimated_borrowed_and_assumed() -> None:
    assert load_scenario("selfback").labels == {
        "selfback: effect on disability": "borrowed",
        "selfback: effect on pain": "assumed",
    }
    assert load_scenario("app").labels == {"app: effect on every outcome": "estimated"}
    assert load_scenario("null").labels == {}


def test_selfback_states_its_uptake_its_fading_and_what_lasts_as_assumptions() -> None:
    labels = {found.what: found.label for found in load_scenario("selfback").statements}
    for what in ("uptake", "adherence half life", "lasting share"):
        assert labels[f"selfback: {what}"] == "assumed"


def test_what_is_estimated_states_nothing_that_the_fit_knows() -> None:
    for name in ("app", "pain_reprocessing"):
        (intervention,) = load_scenario(name).interventions
        assert intervention.arm == name
        assert intervention.schedule is None
        assert intervention.beliefs == {}


def test_pain_reprocessing_is_what_an_arm_of_its_trial_received() -> None:
    given = yaml.safe_load((ROOT / "conf/cohort/ashar2022.yaml").read_text("utf-8"))["cohort"]
    arms = CohortMapping.model_validate(given).arms.values()
    assert "pain_reprocessing" in [arm.intervention for arm in arms]


# Distributions


@pytest.mark.parametrize(
    ("distribution", "middle", "reference"),
    [
        (Normal(mean=-0.79, sd=0.37), -0.79, stats.norm(-0.79, 0.37)),
        (HalfNormal(sd=0.2), stats.halfnorm(scale=0.2).mean(), stats.halfnorm(scale=0.2)),
        (LogNormal(median=26, log_sd=0.6), 26, stats.lognorm(0.6, scale=26)),
        (Beta(a=8, b=2), 0.8, stats.beta(8, 2)),
        # one component, and two that are one
        (NormalMixture(weights=(1,), means=(2,), sds=(3,)), 2, stats.norm(2, 3)),
        (NormalMixture(weights=(0.4, 0.6), means=(2, 2), sds=(3, 3)), 2, stats.norm(2, 3)),
    ],
)
def test_centre_and_interval_are_those_of_the_textbook(
    distribution: SingleDistribution, middle: float, reference: Any
) -> None:
    assert centre(distribution) == pytest.approx(middle)
    np.testing.assert_allclose(interval(distribution, 0.9), reference.ppf([0.05, 0.95]))


def test_numbers_written_as_powers_of_ten_are_numbers() -> None:
    # YAML 1.1 takes 1e-3 for a word
    given = {"distribution": yaml.safe_load("{family: normal, mean: 0, sd: 1e-3}")}
    effect = Effect.model_validate(
        given
        | {"target": "relapse", "unit": "log_hazard_ratio", "label": "assumed", "source": "a test"}
    )
    assert effect.distribution == Normal(mean=0, sd=0.001)


def test_a_mixture_has_the_mean_and_the_quantiles_of_its_draws() -> None:
    mixture = NormalMixture(weights=(0.7, 0.3), means=(-2.0, 0.0), sds=(0.5, 1.5))
    drawn = mixture.draw(np.random.default_rng(1), (400_000,))
    assert centre(mixture) == pytest.approx(-1.4)
    assert drawn.mean() == pytest.approx(-1.4, abs=0.01)
    np.testing.assert_allclose(interval(mixture, 0.9), np.quantile(drawn, [0.05, 0.95]), atol=0.02)
    at = np.array([-3.0, -1.0, 0.5])
    density = 0.7 * stats.norm(-2, 0.5).pdf(at) + 0.3 * stats.norm(0, 1.5).pdf(at)
    np.testing.assert_allclose(np.exp(mixture.log_density(at)), density)


@pytest.mark.parametrize(
    ("weights", "sds", "says"),
    [
        ((0.7, 0.2), (1, 1), "add up to 0.9, not 1"),
        ((0.5, 0.5), (1,), "as many weights as means and sds"),
    ],
)
def test_a_mixture_whose_parts_do_not_fit_is_refused(
    weights: tuple[float, ...], sds: tuple[float, ...], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        NormalMixture(weights=weights, means=(0, 0), sds=sds)


# Files that cannot be meant


def shipped(name: str) -> dict[str, Any]:
    """Return a shipped scenario as if all of it had been typed into its file."""
    given: dict[str, Any] = yaml.safe_load((ROOT / f"scenarios/{name}.yaml").read_text("utf-8"))
    typed = [
        Citations("same", ()).resolve("", intervention_mapping(one))
        for one in given["interventions"]
    ]
    return {"name": name} | given | {"interventions": typed}


def edited(name: str, path: str, value: Any = None) -> dict[str, Any]:
    """Return a shipped scenario with what lies at a path of keys replaced; None: taken away."""
    given = copy.deepcopy(shipped(name))
    *keys, last = path.split(".")
    inside: Any = given
    for key in keys:
        inside = inside[int(key) if key.isdigit() else key]
    if value is None:
        del inside[last]
    else:
        inside[last] = value
    return given


def refusal(given: object) -> str:
    with pytest.raises(ValidationError) as refused:
        Scenario.model_validate(given)
    return str(from_validation(refused.value, "scenarios/mine.yaml", Scenario))


FIRST = "interventions.0"
EFFECT = f"{FIRST}.effects.0"
SHARE = {"distribution": {"family": "beta", "a": 1, "b": 1}, "label": "assumed", "source": "x"}
TIME = {
    "distribution": {"family": "log_normal", "median": 3, "log_sd": 1},
    "label": "assumed",
    "source": "x",
}


@pytest.mark.parametrize(
    ("name", "path", "value", "says"),
    [
        # misspelt
        (
            "selfback",
            f"{EFFECT}.target",
            "disabilty",
            "= 'disabilty' must be 'pain', 'disability', 'recovery_rate', 'first_return', 'rel",
        ),
        ("selfback", f"{EFFECT}.target", "disabilty", "Did you mean 'disability'?"),
        ("selfback", "titel", "x", "titel' is not a known key. Keys: name, title"),
        ("selfback", "titel", "x", "Did you mean 'title'?"),
        ("selfback", f"{FIRST}.uptak", SHARE, "Did you mean 'uptake'?"),
        ("selfback", f"{EFFECT}.instrment", "rmdq", "Did you mean 'instrument'?"),
        ("selfback", f"{FIRST}.schedule.start", 0, "Did you mean 'start_week'?"),
        ("selfback", f"{FIRST}.uptake.lable", "assumed", "Did you mean 'label'?"),
        (
            "selfback",
            f"{EFFECT}.distribution.family",
            "nromal",
            "has unknown family 'nromal'. Families: normal, half_normal, log_normal, beta, norm",
        ),
        ("selfback", f"{EFFECT}.distribution.family", "nromal", "Did you mean 'normal'?"),
        (
            "selfback",
            f"{EFFECT}.distribution.sdd",
            1,
            "is normal and has no parameter 'sdd'. Parameters: mean, sd. Did you mean 'sd'?",
        ),
        ("selfback", f"{EFFECT}.label", "borowed", "Did you mean 'borrowed'?"),
        ("selfback", f"{EFFECT}.unit", "scores", "Did you mean 'score'?"),
        # missing
        ("selfback", f"{EFFECT}.label", None, "'interventions.0.effects.0.label' is required."),
        ("selfback", f"{EFFECT}.source", None, "'interventions.0.effects.0.source' is required."),
        ("selfback", f"{FIRST}.uptake.source", None, "uptake.source' is required."),
        ("selfback", f"{EFFECT}.source", "  ", "effects.0.source = '  ' must not be empty."),
        ("selfback", f"{EFFECT}.distribution.sd", None, "is normal and lacks sd."),
        ("selfback", f"{EFFECT}.distribution.family", None, "has no family. Families: normal"),
        ("usual_care", "interventions", None, "'interventions' is required."),
        ("selfback", f"{FIRST}.schedule", None, "lacks schedule."),
        ("selfback", f"{FIRST}.response_time", None, "lacks response_time."),
        ("selfback", f"{FIRST}.waning_half_life", None, "lacks waning_half_life."),
        ("selfback", f"{FIRST}.effects", None, "has no effects: give effects, the arm"),
        ("null", f"{FIRST}.does_nothing", None, "has no effects: give effects, the arm"),
        # of the wrong type
        ("selfback", f"{FIRST}.schedule.start_week", "soon", "start_week = 'soon' must be a valid"),
        ("selfback", f"{FIRST}.schedule", 3, "schedule = 3 must be a mapping with keys such as"),
        ("selfback", f"{FIRST}.effects", "pain", "effects = 'pain' must be a list"),
        ("selfback", "interventions", "selfback", "interventions = 'selfback' must be a list"),
        ("selfback", f"{EFFECT}.distribution", -0.79, "must give a family and its parameters"),
        ("selfback", f"{EFFECT}.distribution.mean", "much", "a number as its mean, not 'much'"),
        ("selfback", f"{EFFECT}.distribution.mean", [1, 2], "a number as its mean, not [1, 2]"),
        ("selfback", f"{EFFECT}.distribution.mean", True, "a number as its mean, not True"),
        ("selfback", f"{EFFECT}.distribution.mean", math.inf, "a number as its mean, not inf"),
        # impossible
        ("selfback", f"{EFFECT}.distribution.sd", -0.37, "must have a sd above 0, not -0.37"),
        ("selfback", f"{FIRST}.schedule.start_week", -1, "start_week = -1 must be greater than"),
        ("selfback", f"{FIRST}.schedule.duration_weeks", 0, "duration_weeks = 0 must be greater"),
        ("selfback", f"{FIRST}.schedule.stop_week", 0, "stop_week = 0 must be greater than 0"),
        ("null", f"{FIRST}.schedule.ramp_weeks", 14, "ramp_weeks must be at most duration_weeks"),
        ("selfback", f"{FIRST}.name", "self back", "must be lower-case letters, digits and"),
        # that do not fit together
        (
            "selfback",
            f"{EFFECT}.unit",
            "log_hazard_ratio",
            "has unit log_hazard_ratio, but on disability it must be score or severity.",
        ),
        (
            "workplace",
            f"{EFFECT}.unit",
            "score",
            "has unit score, but on first_return it must be log_hazard_ratio.",
        ),
        ("selfback", f"{EFFECT}.instrument", None, "has unit score and needs the instrument"),
        ("selfback", f"{EFFECT}.at_week", None, "has unit score and needs at_week"),
        ("selfback", f"{FIRST}.effects.1.at_week", None, "has unit severity and needs at_week"),
        ("selfback", f"{FIRST}.effects.1.instrument", "rmdq", "leave out instrument"),
        ("workplace", f"{EFFECT}.at_week", 26, "leave out at_week"),
        ("workplace", f"{FIRST}.response_time", TIME, "acts on no outcome: leave out response_tim"),
        ("selfback", f"{FIRST}.effects.1.target", "disability", "has several effects on disabil"),
        ("selfback", f"{FIRST}.does_nothing", True, "has effects: leave out does_nothing."),
        ("selfback", f"{FIRST}.arm", "selfback", "leave out effects on disability and pain,"),
        (
            "app",
            f"{FIRST}.uptake",
            SHARE,
            "has its effects, dose and pace from the cohort's arm 'app': leave out uptake; or",
        ),
        (
            "app",
            f"{FIRST}.schedule",
            {"start_week": 0, "duration_weeks": 1},
            "leave out schedule; or",
        ),
        ("app", f"{FIRST}.does_nothing", True, "leave out does_nothing; or"),
        (
            "selfback",
            f"{FIRST}.uptake",
            TIME,
            "is a share between 0 and 1: its distribution must be of family beta, not log_normal.",
        ),
        (
            "selfback",
            f"{FIRST}.adherence_half_life",
            SHARE,
            "is a time in weeks above 0: its distribution must be of family log_normal, not beta.",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    name: str, path: str, value: Any, says: str
) -> None:
    message = refusal(edited(name, path, value))
    assert says in message
    assert message.startswith(("scenarios/mine.yaml: ", "2 problems in the input:"))
    # no Python of ours, and no dump of the file
    assert not re.search(r"Mapping|tuple|dict|class|BaseModel|Traceback", message), message
    assert max(map(len, message.splitlines())) < 400


def test_one_mistake_is_one_problem() -> None:
    for path, value in [
        (f"{EFFECT}.distribution.family", "nromal"),
        (f"{EFFECT}.distribution.mean", "much"),
        (f"{EFFECT}.target", "disabilty"),
        (f"{FIRST}.uptake", TIME),
    ]:
        assert "problems" not in refusal(edited("selfback", path, value))


def test_all_mistakes_of_a_file_are_said_at_once() -> None:
    given = edited("selfback", f"{EFFECT}.label")
    given["interventions"][0]["effects"][1]["target"] = "pian"
    given["titel"] = given.pop("title")
    message = refusal(given)
    for said in ("label' is required", "Did you mean 'pain'?", "Did you mean 'title'?"):
        assert said in message


def test_two_interventions_of_one_name_are_refused() -> None:
    given = shipped("app")
    given["interventions"] *= 2
    assert "has several interventions called app: rename them." in refusal(given)


def test_an_arm_may_be_given_an_effect_on_work_that_its_cohort_does_not_tell() -> None:
    given = shipped("app")
    given["interventions"][0]["effects"] = shipped("workplace")["interventions"][0]["effects"]
    (intervention,) = Scenario.model_validate(given).interventions
    assert intervention.arm == "app"
    assert [effect.target for effect in intervention.effects] == ["first_return", "relapse"]


def test_a_scenario_cannot_be_changed() -> None:
    intervention: Intervention = load_scenario("selfback").interventions[0]
    with pytest.raises(ValidationError, match="frozen"):
        intervention.name = "other"  # type: ignore[misc]


# Names and files


def test_an_unknown_scenario_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r"unknown scenario 'selfbak'.*Did you mean 'selfback'\?"):
        load_scenario("selfbak")


def test_a_scenario_of_the_users_own_is_read_from_its_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_bytes((ROOT / "scenarios/selfback.yaml").read_bytes())
    read = load_scenario(str(mine))
    assert read.name == "mine"
    assert read.interventions == load_scenario("selfback").interventions


def test_a_file_that_is_not_there_is_refused_with_the_nearest_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("")
    with pytest.raises(ValueError, match=r"no scenario file.*Did you mean 'mine\.yaml'\?"):
        load_scenario(str(tmp_path / "mnie.yaml"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", r"mine\.yaml must be a mapping with the keys title, question"),
        (b"- a\n- b\n", r"mine\.yaml must be a mapping"),
        (b"title: x\nquestion: [\n", r"mine\.yaml, line 3 is not YAML: "),
        (b"title: x\ntitle: y\n", r"line 2 is not YAML: key 'title' stands there twice"),
        (b"a: {b: 1, b: 2}\n", r"line 1 is not YAML: key 'b' stands there twice"),
        (b"title: \xff\n", r"mine\.yaml is not text in UTF-8"),
        (b"name: other\n", r"leave out name: its file names the scenario, here 'mine'"),
    ],
)
def test_a_file_that_is_no_scenario_is_refused_by_its_name(
    tmp_path: Path, content: bytes, says: str
) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        load_scenario(str(tmp_path / "mine.yaml"))


# Interventions apart from scenarios


def write(tmp_path: Path, interventions: str) -> str:
    mine = tmp_path / "mine.yaml"
    mine.write_text(f"title: x\nquestion: y?\ndescription: z\ninterventions: {interventions}\n")
    return str(mine)


def test_a_users_scenario_combines_interventions_that_ship(tmp_path: Path) -> None:
    both = load_scenario(write(tmp_path, "[exercise, workplace]"))
    assert [one.name for one in both.interventions] == ["exercise", "workplace"]
    assert both.interventions[0] == load_scenario("exercise").interventions[0]


@pytest.mark.parametrize(
    ("interventions", "says"),
    [
        ("[exercize]", r"unknown intervention 'exercize'.*Did you mean 'exercise'\?"),
        (
            "[{effects: [{evidence: selfback_disabilty}]}]",
            r"mine\.yaml: unknown elicited effect.*Did you mean 'selfback_disability'\?",
        ),
        (
            "[{effects: [{evidence: selfback_disability, at_week: 26}]}]",
            r"brings its own numbers: leave out at_week, or evidence",
        ),
        (
            "[{lasting_share: {evidence: cft_disability}}]",
            r"is an effect on disability, no lasting",
        ),
        (
            "[{effects: [{evidence: exercise_lasting_share}]}]",
            r"is a lasting share, not an effect",
        ),
    ],
)
def test_a_name_that_cannot_be_cited_is_refused_in_words(
    tmp_path: Path, interventions: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        load_scenario(write(tmp_path, interventions))


def test_every_intervention_that_ships_belongs_to_a_scenario() -> None:
    used = {one.name for name in SHIPPED for one in load_scenario(name).interventions}
    assert used >= set(intervention_names())
