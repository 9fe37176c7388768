"""The likelihood against a naive one, written from twin/MODEL.md alone.

Plain floats, loops, dense matrices: the scores of a person are one multivariate normal vector with
covariance Z P Z' + R, effects given scores are its regression, and work passes cell by cell through
`scipy.linalg.expm`. It starts from the cohort's tables, so that the way to arrays is held to
MODEL.md as well. Section numbers are those of MODEL.md.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.stats import multivariate_normal, norm

from priors import load_prior_set
from twin.cohort import Cohort
from twin.cohort.synthetic import SyntheticSettings, synthetic_cohort
from twin.fit.arrays import model_spec, records
from twin.fit.prior_draw import draw_truth
from twin.fit.settings import ModelSettings
from twin.law.backends import COMPILED, NUMPY
from twin.law.grid import TimeGrid
from twin.law.likelihood import Terms, log_likelihood
from twin.law.ops import ArrayOps
from twin.law.parameters import ModelSpec, assemble
from twin.law.population import Population
from twin.law.records import Records

type Floats = NDArray[np.float64]

EDGES = (0.0, 2.0, 4.0, 6.0, 9.0, 13.0, 19.0, 26.0, 39.0, 52.0)
STATES = ("working", "restricted", "sick_listed", "permanently_out")
MOVES = ((0, 1), (0, 2), (1, 2), (1, 0), (2, 1), (2, 0))  # order of the parameter log_intensity
SOFTNESS = 0.1  # c of section 3
WORSENING, REFERENCE = 3, 0.3  # the first three of MOVES; severity of section 4


@dataclass
class Case:
    """A cohort, the values of its parameters, and the state at which all is compared."""

    cohort: Cohort
    spec: ModelSpec
    data: Records
    truth: dict[str, Floats]
    population: Population
    covariate: Floats
    latent: Floats
    z: Floats

    def terms(self, xp: ArrayOps, eps: Floats) -> Terms:
        return log_likelihood(
            xp, self.population, self.data, self.covariate, self.latent, self.z, eps
        )


def trial() -> Cohort:
    """Return a small trial with everything that MODEL.md knows, and its awkward people."""
    settings = SyntheticSettings(
        people=16,
        clusters=3,
        visit_jitter_weeks=1.5,
        app_start_week=1.0,
        employed_share=0.75,
        missing_shares=(0, 0, 0, 0, 0),  # who stays away is said below, not left to luck
    )
    cohort, _ = synthetic_cohort(settings, seed=3)
    patients, visits = cohort.patients.copy(), cohort.visits.copy()
    patients.loc["p002", "age"] = np.nan
    patients.loc["p005", "cluster"] = None
    # nobody's floor or ceiling may depend on luck
    rows = {p: visits.index[visits["patient"] == p] for p in patients.index}
    visits.loc[rows["p001"][-1], ["pain", "disability"]] = [0.0, 24.0]
    visits.loc[rows["p003"][1], "pain"] = np.nan
    visits.loc[rows["p004"][-1], ["pain", "disability"]] = [10.0, 0.0]
    workers = list(patients.index[patients["labour_force"]])
    seen = [
        ("working", "restricted", "sick_listed", "permanently_out", "permanently_out"),
        ("sick_listed", "sick_listed", "working", None, "sick_listed"),
        (None, "restricted", "working", "restricted", "restricted"),  # first seen later
        ("permanently_out",) * 5,  # has no work process
        ("working", "sick_listed", "restricted", "sick_listed", "working"),
        ("working", None, None, None, None),  # first state only
        ("working", None, *("permanently_out",) * 3),
    ]
    for worker, states in zip(workers, seen, strict=False):
        visits.loc[rows[worker], "work_status"] = list(states[: len(rows[worker])])
    return replace(cohort, patients=patients, visits=visits.drop(rows["p006"][2:4]))


def bare() -> Cohort:
    """Return a cohort of one arm without work, clinics, covariates or a threshold."""
    cohort = trial()
    return replace(
        cohort,
        patients=cohort.patients.assign(arm="usual_care", cluster=None),
        visits=cohort.visits.assign(work_status=None),
        covariates={},
        arms={"usual_care": cohort.arms["usual_care"]},
        entry=None,
    )


MODIFIED = ModelSettings(grid=EDGES, effect_modifiers=("depression", "female"))
SPARSE = ModelSettings(grid=EDGES, shrinkage="horseshoe")


@pytest.fixture(
    scope="module",
    params=[(trial, MODIFIED), (trial, SPARSE), (bare, ModelSettings(grid=EDGES))],
    ids=["modified effects", "horseshoe", "bare"],
)
def case(request: pytest.FixtureRequest) -> Case:
    make, settings = request.param
    cohort, rng = make(), np.random.default_rng(4)
    spec, data = model_spec(cohort, settings), records(cohort, settings.time_grid)
    truth = draw_truth(load_prior_set("default"), spec, (), rng)  # nothing is 0 or alike
    covariate = np.where(np.isnan(data.covariate), 0.7, data.covariate)
    beyond = data.scores.end * 0.1 * rng.exponential(size=data.scores.end.shape)
    return Case(
        cohort,
        spec,
        data,
        truth,
        assemble(NUMPY, spec, truth),
        covariate,
        data.scores.severity + beyond,
        rng.normal(size=cohort.n),
    )


def behind(shown: float) -> float:
    """Return the continuous severity that shows so: shown = c log(1 + exp(severity / c))."""
    return SOFTNESS * math.log(math.exp(shown / SOFTNESS) - 1)


class Naive:
    """The likelihood of a case, person by person."""

    def __init__(self, case: Case) -> None:
        self.cohort, self.spec, self.truth = case.cohort, case.spec, case.truth
        self.covariate, self.latent, self.z = case.covariate, case.latent, case.z
        self.outcomes = list(case.spec.outcomes)
        self.names = list(case.spec.effects)

    # section 1

    def dose(self, arm: str, week: float) -> float:
        given = self.cohort.arms[arm]
        if given.reference:
            return 0.0
        end = given.start_week + given.duration_weeks
        if given.start_week <= week < end:
            if given.ramp_weeks == 0:
                return 1.0
            return min(1.0, (week - given.start_week) / given.ramp_weeks)
        if week >= end and given.duration_weeks > 0:
            active = self.spec.arms.index(arm) - 1
            lasting = float(self.truth["lasting_share"][active])
            half_life = float(self.truth["waning_half_life"][active])
            return lasting + (1 - lasting) * 2 ** (-(week - end) / half_life)
        return 0.0

    # section 2

    def weights(self, arm: str, rate: float, week: float) -> list[float]:
        """Return weights of start, set point and response in the level."""
        uptake = 0.0
        if arm in self.spec.arms[1:]:
            pace = 1 / float(self.truth["response_time"][self.spec.arms.index(arm) - 1])
        else:
            pace = 1.0  # of no consequence: the dose is 0
        for begin, end in pairwise(EDGES):
            after_end, after_begin = max(week - end, 0.0), max(week - begin, 0.0)
            taken = math.exp(-pace * after_end) - math.exp(-pace * after_begin)
            uptake += self.dose(arm, (begin + end) / 2) * taken
        return [math.exp(-rate * week), 1 - math.exp(-rate * week), uptake]

    # section 3

    def residual_covariance(self, k: int, t: float, other: int, u: float) -> float:
        sd = [
            math.sqrt(self.truth["persistent_share"][j]) * self.truth["spread"][j]
            for j in (k, other)
        ]
        factor = self.truth["flare_correlation"]
        correlation = sum(factor[k, j] * factor[other, j] for j in range(len(self.outcomes)))
        kept = math.exp(-abs(t - u) / float(self.truth["persistence"]))
        return float(sd[0] * sd[1] * correlation * kept)

    def own_variance(self, k: int, width: float) -> float:
        error = (1 - self.truth["persistent_share"][k]) * self.truth["spread"][k] ** 2
        return float(error) + width**2 / 12

    def cell(self, k: int, score: float) -> tuple[float, float]:
        """Return the ends of the continuous severities that are recorded as a score."""
        scale = list(self.cohort.outcomes.values())[k]
        assert scale.step is not None
        best, worst = score - scale.step / 2 - scale.minimum, score + scale.step / 2 - scale.minimum
        span = scale.maximum - scale.minimum
        return behind(best / span), behind(worst / span)

    # section 5

    def sd_of(self, name: str) -> float:
        if name == "log_rate":
            return float(self.truth["log_rate_sd"])
        if name == "work_frailty":
            return float(self.truth["work_frailty_sd"])
        effect, outcome = name.removesuffix("]").split("[")
        return float(self.truth[f"{effect}_sd"][self.outcomes.index(outcome)])

    def mean_of(self, i: int, name: str) -> float:
        """Return a person's expected effect, given covariates and clinic."""
        if name == "log_rate":
            mean = float(self.truth["log_rate_mean"])
        elif name == "work_frailty":
            mean = self.of_cluster(i, "cluster_frailty")
        else:
            effect, outcome = name.removesuffix("]").split("[")
            k = self.outcomes.index(outcome)
            mean = float(self.truth[f"{effect}_mean"][k])
            mean += self.of_cluster(i, f"cluster_{effect}", k)
        for c in range(len(self.spec.covariates)):
            mean += self.covariate_effect(c, name) * float(self.covariate[i, c])
        return float(mean)

    def of_cluster(self, i: int, name: str, *place: int) -> float:
        """Return the shift of a person's cluster: z times the SD of its last place."""
        cluster = self.cohort.patients["cluster"].iloc[i]
        if cluster not in self.spec.clusters:
            return 0.0
        z = self.truth[f"{name}_z"][(self.spec.clusters.index(cluster), *place)]
        sd = self.truth[f"{name}_sd"]
        return float(z * (sd[place[-1]] if place else sd))

    def covariate_effect(self, c: int, name: str) -> float:
        """Return the change of a person's expected effect per SD of a covariate."""
        e = self.names.index(name)
        if self.spec.shrinkage == "r2d2":
            r2 = float(self.truth["covariate_r2"][e])
            share = float(self.truth["covariate_share"][c]) if len(self.spec.covariates) > 1 else 1
            scale = math.sqrt(share * r2 / (1 - r2))
        else:
            free = float(self.truth["covariate_global"][e] * self.truth["covariate_local"][c, e])
            slab = float(self.truth["covariate_slab"])
            scale = slab * free / math.sqrt(slab**2 + free**2)
        return float(self.truth["covariate_z"][c, e]) * scale * self.sd_of(name)

    def covariance_of(self, one: str, other: str) -> float:
        factor, names = self.truth["person_correlation"], self.names[1:]  # all but the rate
        a, b = names.index(one), names.index(other)
        correlation = sum(factor[a, j] * factor[b, j] for j in range(len(names)))
        return float(correlation * self.sd_of(one) * self.sd_of(other))

    def response_covariance(self, arm: int, one: str, other: str) -> float:
        a, b = (self.outcomes.index(name.removesuffix("]").split("[")[1]) for name in (one, other))
        correlation = 1.0
        if len(self.outcomes) > 1:
            factor = self.truth["response_correlation"]
            correlation = sum(factor[a, j] * factor[b, j] for j in range(len(self.outcomes)))
        sd = self.truth["response_sd"][arm - 1]
        return float(correlation * sd[a] * sd[b])

    def log_rate(self, i: int) -> float:
        return self.mean_of(i, "log_rate") + self.sd_of("log_rate") * float(self.z[i])

    def linear_names(self) -> list[str]:
        """Return names of the linear effects in the order of the law's `effects`."""
        parts = ("start", "set_point", "response")
        listed = [f"{part}[{outcome}]" for part in parts for outcome in self.outcomes]
        return [*listed, "work_frailty"] if self.spec.has_work else listed

    def linear(self, i: int) -> tuple[Floats, Floats]:
        """Return mean and covariance of the linear effects; the rate says nothing of them."""
        names = self.linear_names()
        arm = self.spec.arms.index(self.cohort.patients["arm"].iloc[i])
        mean, covariance = np.zeros(len(names)), np.zeros((len(names), len(names)))
        for a, one in enumerate(names):
            source, by = self.source(arm, one)
            mean[a] = by * self.mean_of(i, source)
            if one != source and arm > 0:
                k = self.outcome_of(one)
                mean[a] += self.truth["arm_effect"][arm - 1, k] - by * self.truth["start_mean"][k]
                mean[a] += self.of_cluster(i, "cluster_response", arm - 1, k)
                for m, modifier in enumerate(self.spec.modifiers):
                    x = self.covariate[i, self.spec.covariates.index(modifier)]
                    mean[a] += self.truth["effect_modification"][arm - 1, m, k] * x
            for b, other in enumerate(names):
                other_source, other_by = self.source(arm, other)
                covariance[a, b] = by * other_by * self.covariance_of(source, other_source)
                if one != source and other != other_source and arm > 0:
                    covariance[a, b] += self.response_covariance(arm, one, other)
        return mean, covariance

    def outcome_of(self, name: str) -> int:
        return self.outcomes.index(name.removesuffix("]").split("[")[1])

    def source(self, arm: int, name: str) -> tuple[str, float]:
        """Return the effect that this one follows, and how closely: a response follows a start."""
        if not name.startswith("response"):
            return name, 1.0
        k = self.outcome_of(name)
        slope = float(self.truth["response_slope"][arm - 1, k]) if arm > 0 else 0.0
        return f"start[{self.outcomes[k]}]", slope

    # section 7: scores, with the linear effects integrated out

    def score_list(self, i: int) -> list[tuple[float, int, float, float]]:
        """Return week, outcome, continuous severity, and the width of what is recorded alike."""
        patient = self.cohort.patients.index[i]
        visits = self.cohort.visits[self.cohort.visits["patient"] == patient]
        found: list[tuple[float, int, float, float]] = []
        for _, visit in visits.sort_values("week").iterrows():
            for k, (name, scale) in enumerate(self.cohort.outcomes.items()):
                score = float(visit[name])
                if math.isnan(score):
                    continue
                if score in (scale.minimum, scale.maximum):
                    severity, width = float(self.latent[i, len(found)]), 0.0
                else:
                    low, high = self.cell(k, score)
                    severity, width = (low + high) / 2, high - low
                found.append((float(visit["week"]), k, severity, width))
        return found

    def scores(self, i: int) -> tuple[float, Floats, Floats]:
        """Return log density of scores, then mean and covariance of effects given scores."""
        seen, arm = self.score_list(i), str(self.cohort.patients["arm"].iloc[i])
        rate = math.exp(self.log_rate(i))
        mean, prior = self.linear(i)
        n = len(seen)
        design, noise = np.zeros((n, len(mean))), np.zeros((n, n))
        for s, (t, k, _, width) in enumerate(seen):
            for part, weight in enumerate(self.weights(arm, rate, t)):
                design[s, part * len(self.outcomes) + k] = weight
            for r, (u, other, _, _) in enumerate(seen):
                noise[s, r] = self.residual_covariance(k, t, other, u)
            noise[s, s] += self.own_variance(k, width)
        y = np.array([severity for _, _, severity, _ in seen])
        total = design @ prior @ design.T + noise
        density = multivariate_normal(design @ mean, total).logpdf(y)
        gain = prior @ design.T @ np.linalg.inv(total)
        return float(density), mean + gain @ (y - design @ mean), prior - gain @ design @ prior

    def entry(self, i: int) -> float:
        rule = self.cohort.entry
        if rule is None:
            return 0.0
        scale, name = self.cohort.outcomes[rule.outcome], f"start[{rule.outcome}]"
        assert scale.step is not None
        lowest, _ = self.cell(self.outcomes.index(rule.outcome), rule.minimum)
        spread = self.truth["spread"][self.outcomes.index(rule.outcome)]
        sd = math.sqrt(self.sd_of(name) ** 2 + spread**2)
        return -float(norm.logcdf((self.mean_of(i, name) - lowest) / sd))

    # section 4

    def levels(self, i: int, effects: Floats, week: float) -> list[float]:
        arm, n = str(self.cohort.patients["arm"].iloc[i]), len(self.outcomes)
        weights = self.weights(arm, math.exp(self.log_rate(i)), week)
        return [sum(weights[p] * float(effects[p * n + k]) for p in range(3)) for k in range(n)]

    def above(self, slope: str, level: list[float]) -> float:
        return sum(
            float(by) * (x - REFERENCE) for by, x in zip(self.truth[slope], level, strict=True)
        )

    def first_work(self, i: int, effects: Floats, week: float, state: int) -> float:
        level, frailty = self.levels(i, effects, week), float(effects[-1])
        eta = frailty + self.above("initial_slope", level)
        odds = [1.0, *(math.exp(a + eta) for a in self.truth["initial_logit"])]
        return math.log(odds[state] / sum(odds))

    def later_work(
        self, i: int, effects: Floats, begin: float, end: float, before: int, after: int
    ) -> float:
        passed = np.eye(4)
        for opens, closes in pairwise(EDGES):
            weeks = min(closes, end) - max(opens, begin)
            if weeks <= 0:
                continue
            level, frailty = self.levels(i, effects, (opens + closes) / 2), float(effects[-1])
            up = frailty + self.above("worsening_slope", level)
            down = -frailty - self.above("recovery_slope", level)
            q = np.zeros((4, 4))
            for move, (source, target) in enumerate(MOVES):
                shift = up if move < WORSENING else down
                q[source, target] = math.exp(self.truth["log_intensity"][move] + shift)
            q[2, 3] = math.exp(self.truth["log_exit_intensity"])
            for state in range(4):
                q[state, state] = -q[state].sum()
            passed = passed @ expm(q * weeks)
        return math.log(passed[before, after])

    def work(self, effects: Mapping[int, Floats]) -> tuple[list[float], list[float]]:
        """Return log probability of first states by person, and of later ones by interval."""
        first: list[float] = []
        later: list[float] = []
        for i, patient in enumerate(self.cohort.patients.index):
            if not self.cohort.patients["labour_force"].iloc[i]:
                continue
            visits = self.cohort.visits[self.cohort.visits["patient"] == patient]
            seen = [
                (float(week), STATES.index(state))
                for week, state in zip(visits["week"], visits["work_status"], strict=True)
                if state in STATES
            ]
            if not seen or seen[0][1] == 3:
                continue
            first.append(self.first_work(i, effects[i], *seen[0]))
            for (begin, before), (end, after) in pairwise(seen):
                if before != 3:
                    later.append(self.later_work(i, effects[i], begin, end, before, after))
        return first, later


def by_person(terms: Terms, spec: ModelSpec) -> Floats:
    """Return the linear effects that the law places, in the order of `Naive.linear_names`."""
    people = terms.people
    parts = [people.start, people.set_point, people.response]
    return np.column_stack([*parts, people.frailty] if spec.has_work else parts)


def no_noise(case: Case) -> Floats:
    return np.zeros((case.cohort.n, case.population.n_linear))


@pytest.mark.parametrize("xp", [NUMPY, COMPILED], ids=["numpy", "compiled"])
def test_every_term_is_that_of_the_naive_model(case: Case, xp: ArrayOps) -> None:
    naive, people = Naive(case), range(case.cohort.n)
    found = case.terms(xp, no_noise(case))
    np.testing.assert_allclose(
        found.people.log_rate, [naive.log_rate(i) for i in people], rtol=1e-12
    )
    wanted = [naive.scores(i) for i in people]
    np.testing.assert_allclose(found.scores, [w[0] for w in wanted], rtol=1e-10, atol=1e-9)
    effects = {i: w[1] for i, w in enumerate(wanted)}
    np.testing.assert_allclose(
        by_person(found, case.spec), list(effects.values()), rtol=0, atol=1e-11
    )
    np.testing.assert_allclose(
        np.broadcast_to(found.entry, case.cohort.n), [naive.entry(i) for i in people], rtol=1e-11
    )
    if case.spec.has_work:
        first, later = naive.work(effects)
        np.testing.assert_allclose(found.first_work, first, rtol=1e-10)
        # twelve squarings grow the dust of doubles to 1e-12, beside the small chance of leaving
        # for good that is read as what the others lack to 1
        np.testing.assert_allclose(np.exp(found.later_work), np.exp(later), rtol=1e-10, atol=3e-12)
    else:
        assert (found.first_work, found.later_work) == (0.0, 0.0)


@pytest.mark.parametrize("xp", [NUMPY, COMPILED], ids=["numpy", "compiled"])
def test_standard_noise_becomes_the_spread_of_effects_given_scores(
    case: Case, xp: ArrayOps
) -> None:
    naive, n = Naive(case), case.population.n_linear
    still = by_person(case.terms(xp, no_noise(case)), case.spec)
    moved = [
        by_person(case.terms(xp, no_noise(case) + np.eye(n)[j]), case.spec) - still
        for j in range(n)
    ]
    root = np.stack(moved, axis=-1)  # person, effect, noise: effects are linear in noise
    for i in range(case.cohort.n):
        np.testing.assert_allclose(root[i] @ root[i].T, naive.scores(i)[2], rtol=0, atol=1e-13)


def test_the_trial_has_what_the_comparison_is_about() -> None:
    cohort = trial()
    data = records(cohort, TimeGrid(EDGES))
    assert data.work is not None
    assert data.entry is not None
    assert set(data.scores.end.ravel()) == {-1, 0, 1}
    assert np.isnan(data.covariate).any()
    assert {-1, 0} <= set(data.cluster.tolist())
    moves = set(zip(data.work.from_state.tolist(), data.work.to_state.tolist(), strict=True))
    assert {(0, 1), (1, 2), (2, 3), (0, 2), (2, 0), (1, 0), (2, 1), (0, 3)} <= moves
    assert (data.work.first_week > 0).any()
    assert len(data.work.worker) < cohort.patients["labour_force"].sum()
    assert 0 < data.dose.delivered[1].min(where=data.dose.delivered[1] > 0, initial=1) < 1
