"""The likelihood against a naive one, written from twin/MODEL.md alone.

Plain floats, loops, dense matrices: the scores of a person are one multivariate normal vector with
covariance Z P Z' + R, effects given scores are its regression, work passes cell by cell through
`scipy.linalg.expm`, and weeks lost are integrated over all times at which a day could be lost. It
starts from the cohort's tables, so that the way to arrays is held to MODEL.md as well. Section
numbers are those of MODEL.md.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.stats import betabinom, multivariate_normal, norm

from priors import load_prior_set
from twin.cohort import Cohort, DaysAbsent
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
PARTIAL_LOSS = 0.5  # of section 4
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
    absent = [
        (None, 3.0, 11.0, None, None),
        (None, 5.4, None, 0.0, 7.0),
        (None, 2.0, None, None, 0.0),  # counted from a visit at which nothing was seen
        (None,) * 5,
        (None, 0.0, 15.0, 4.0, None),
        (None, None, 6.0, None, 3.0),  # days only, and nothing learnt between
        (None, 4.0, None, None, None),
    ]
    visits["days_absent"] = np.nan
    for worker, states, days in zip(workers, seen, absent, strict=False):
        visits.loc[rows[worker], "work_status"] = list(states[: len(rows[worker])])
        visits.loc[rows[worker], "days_absent"] = np.array(days, dtype=float)
    return replace(
        cohort,
        patients=patients,
        visits=visits.drop(rows["p006"][2:4]),
        days_absent=DaysAbsent(rounding="up"),
    )


def recalled() -> Cohort:
    """Return the trial with days of the last nine weeks, asked at baseline too."""
    cohort = trial()
    visits = cohort.visits.copy()
    told = visits["work_status"].isin(STATES[:3])
    visits["days_absent"] = np.where(told, np.arange(len(visits)) % 14, np.nan)
    meaning = DaysAbsent(rounding="up", recall_weeks=9.0)
    return replace(cohort, visits=visits, days_absent=meaning)


def bare() -> Cohort:
    """Return a cohort of one arm without work, clinics, covariates or a threshold."""
    cohort = trial()
    return replace(
        cohort,
        patients=cohort.patients.assign(arm="usual_care", cluster=None),
        visits=cohort.visits.assign(work_status=None, days_absent=np.nan),
        covariates={},
        arms={"usual_care": cohort.arms["usual_care"]},
        entry=None,
    )


MODIFIED = ModelSettings(grid=EDGES, effect_modifiers=("depression", "female"))
SPARSE = ModelSettings(grid=EDGES, shrinkage="horseshoe")


@pytest.fixture(
    scope="module",
    params=[(trial, MODIFIED), (recalled, SPARSE), (bare, ModelSettings(grid=EDGES))],
    ids=["modified effects", "horseshoe and recall", "bare"],
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


class Sighting(NamedTuple):
    """What was learnt of a person's work at a visit; what days there are count from `since` on."""

    week: float
    state: int | None
    days: int | None
    since: float


class Naive:
    """The likelihood of a case, person by person."""

    def __init__(self, case: Case) -> None:
        self.cohort, self.spec, self.truth = case.cohort, case.spec, case.truth
        self.covariate, self.latent, self.z = case.covariate, case.latent, case.z
        self.outcomes = list(case.spec.outcomes)
        self.names = list(case.spec.effects)
        self.generators: dict[tuple[int, int], Floats] = {}  # quadrature asks for them often

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
            mean = 0.0  # of the outcomes: see log_rate
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

    def log_rate(self, i: int, k: int) -> float:
        own = self.mean_of(i, "log_rate") + self.sd_of("log_rate") * float(self.z[i])
        return float(self.truth["log_rate_mean"][k]) + own

    def rate(self, i: int, k: int) -> float:
        return math.exp(self.log_rate(i, k))

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
        mean, prior = self.linear(i)
        n = len(seen)
        design, noise = np.zeros((n, len(mean))), np.zeros((n, n))
        for s, (t, k, _, width) in enumerate(seen):
            for part, weight in enumerate(self.weights(arm, self.rate(i, k), t)):
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
        weights = [self.weights(arm, self.rate(i, k), week) for k in range(n)]
        return [sum(weights[k][p] * float(effects[p * n + k]) for p in range(3)) for k in range(n)]

    def above(self, slope: str, level: list[float]) -> float:
        return sum(
            float(by) * (x - REFERENCE) for by, x in zip(self.truth[slope], level, strict=True)
        )

    def first_states(self, effects: Floats, level: list[float]) -> Floats:
        """Return the probabilities of the four states where the process begins."""
        eta = float(effects[-1]) + self.above("initial_slope", level)
        odds = [1.0, *(math.exp(a + eta) for a in self.truth["initial_logit"])]
        return np.array([*odds, 0.0]) / sum(odds)

    def generator(self, i: int, effects: Floats, cell: int) -> Floats:
        """Return intensities per week in a cell; -1 is the time before baseline."""
        if (i, cell) in self.generators:
            return self.generators[i, cell]
        middle = (EDGES[cell] + EDGES[cell + 1]) / 2 if cell >= 0 else 0.0
        level, frailty = self.levels(i, effects, middle), float(effects[-1])
        up = frailty + self.above("worsening_slope", level)
        down = -frailty - self.above("recovery_slope", level)
        arm = str(self.cohort.patients["arm"].iloc[i])
        given = self.dose(arm, middle) if cell >= 0 else 0.0
        q = np.zeros((4, 4))
        for move, (source, target) in enumerate(MOVES):
            shift = up if move < WORSENING else down
            if given > 0 and target == 0:
                shift += given * self.truth["arm_log_hazard"][self.spec.arms.index(arm) - 1, 0]
            if given > 0 and source == 0:
                shift += given * self.truth["arm_log_hazard"][self.spec.arms.index(arm) - 1, 1]
            q[source, target] = math.exp(self.truth["log_intensity"][move] + shift)
        q[2, 3] = math.exp(self.truth["log_exit_intensity"])
        for state in range(4):
            q[state, state] = -q[state].sum()
        self.generators[i, cell] = q
        return q

    def passed(self, i: int, effects: Floats, begin: float, end: float) -> Floats:
        """Return the probabilities of all moves between two times."""
        moves = np.eye(4)
        for cell in range(-1, len(EDGES) - 1):
            opens, closes = (EDGES[cell], EDGES[cell + 1]) if cell >= 0 else (-math.inf, 0.0)
            weeks = min(closes, end) - max(opens, begin)
            if weeks > 0:
                moves = moves @ expm(self.generator(i, effects, cell) * weeks)
        return moves

    def sightings(self, i: int) -> list[Sighting]:
        """Return what was learnt of a person's work, in order; empty without a process."""
        patient, meaning = self.cohort.patients.index[i], self.cohort.days_absent
        if not self.cohort.patients["labour_force"].iloc[i]:
            return []
        visits = self.cohort.visits[self.cohort.visits["patient"] == patient]
        found, before = [], math.nan
        for _, visit in visits.sort_values("week").iterrows():
            week, told = float(visit["week"]), float(visit["days_absent"])
            state = STATES.index(visit["work_status"]) if visit["work_status"] in STATES else None
            recall = meaning.recall_weeks
            since, before = (before if recall is None else week - recall), week
            days = None if math.isnan(told) else math.ceil(told)  # the rule that `trial` declares
            if state is not None or days is not None:
                found.append(Sighting(week, state, days, week if days is None else since))
        return [] if found and found[0].state == 3 else found

    def work(self, i: int, effects: Floats) -> tuple[float, float]:
        """Return log probability of the states a person was seen in, and of the days reported."""
        seen = self.sightings(i)
        start = min(one.since for one in seen)
        first = self.first_states(effects, self.levels(i, effects, max(start, 0.0)))
        states = math.log(self.joint(i, effects, start, first, seen))
        days = 0.0
        for position, one in enumerate(seen):
            if one.days is not None:
                known = seen[: position + 1]
                lost = self.lost(i, effects, start, first, known)
                share = lost / self.joint(i, effects, start, first, known) / (one.week - one.since)
                share = 1e-6 + (1 - 2e-6) * share
                possible = math.floor((one.week - one.since) * 5 + 0.5)
                precision = float(self.truth["absence_precision"])
                law = betabinom(possible, share * precision, (1 - share) * precision)
                days += float(law.logpmf(min(one.days, possible)))
        return states, days

    @staticmethod
    def allowed(one: Sighting) -> Floats:
        """Return 1 for each state that a sighting leaves, else 0."""
        if one.state is None:
            return np.array([1.0, 1, 1, 0])  # whoever reports days is not out
        return np.eye(4)[one.state]

    def joint(
        self, i: int, effects: Floats, start: float, first: Floats, seen: list[Sighting]
    ) -> float:
        """Return the probability of all sightings."""
        at, since = first, start
        for one in seen:
            at = at @ self.passed(i, effects, since, one.week) * self.allowed(one)
            since = one.week
        return float(at.sum())

    def lost(
        self, i: int, effects: Floats, start: float, first: Floats, seen: list[Sighting]
    ) -> float:
        """Return the weeks lost in the last window, jointly with all sightings: by quadrature."""
        window = (seen[-1].since, seen[-1].week)
        cuts = sorted(
            {
                *window,
                *(t for t in (*EDGES, *(one.week for one in seen)) if window[0] < t < window[1]),
            }
        )
        nodes, weights = np.polynomial.legendre.leggauss(16)
        total = 0.0
        for begin, end in pairwise(cuts):
            for node, weight in zip(nodes, weights, strict=True):
                t = (begin + end) / 2 + node * (end - begin) / 2
                # the share of a day that a state loses enters as if it had been seen in part
                loss = np.array([0.0, PARTIAL_LOSS, 1.0, 1.0])
                at, since = first, start
                for one in sorted([*seen, t], key=lambda x: x if x is t else x.week):
                    week = t if one is t else one.week
                    factor = loss if one is t else self.allowed(one)
                    at, since = at @ self.passed(i, effects, since, week) * factor, week
                total += weight * (end - begin) / 2 * float(at.sum())
        return total


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
        found.people.log_rate,
        [[naive.log_rate(i, k) for k in range(len(naive.outcomes))] for i in people],
        rtol=1e-12,
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
        workers = [i for i in people if naive.sightings(i)]
        work = np.array([naive.work(i, effects[i]) for i in workers])
        # twelve squarings grow the dust of doubles to 1e-12, beside the small chance of leaving
        # for good that is read as what the others lack to 1
        np.testing.assert_allclose(
            np.exp(found.work_state), np.exp(work[:, 0]), rtol=1e-10, atol=3e-12
        )
        np.testing.assert_allclose(found.days_absent, work[:, 1], rtol=1e-8, atol=1e-9)
    else:
        assert (found.work_state, found.days_absent) == (0.0, 0.0)


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
    work = data.work
    bounds = pairwise(work.first_occasion)
    seen = [work.state[a:b][work.state[a:b] >= 0].tolist() for a, b in bounds]
    moves = {move for states in seen for move in pairwise(states)}
    assert {(0, 1), (1, 2), (2, 3), (0, 2), (2, 0), (1, 0), (2, 1), (0, 3)} <= moves
    unseen = work.state < 0
    told = work.days >= 0
    assert (unseen & told).any()
    assert (~unseen & told).any()
    assert (~told).any()
    later = records(recalled(), TimeGrid(EDGES)).work
    assert later is not None
    assert (later.segment_cell == -1).any()
    assert len(data.work.worker) < cohort.patients["labour_force"].sum()
    assert 0 < data.dose.delivered[1].min(where=data.dose.delivered[1] > 0, initial=1) < 1
