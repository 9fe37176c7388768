"""How fast people are simulated, beside their random numbers alone and beside another package.

    python benchmarks/simulate.py [--people 1000] [--draws 1000] [--scenarios 4] [--threads 2]
        [--only PART ...]

People are drawn from published figures, so that nothing has to be fitted first. An update is one
person, draw, week and scenario: levels, expected and recorded scores of two outcomes, work. Parts:

compile   the first person, with nothing compiled and with everything kept from before;
shocks    one scenario against drawing as many random numbers with NumPy's Philox;
updates   four scenarios, on one thread and on several;
time      where the time of a person goes;
outcomes  scenarios with all default outcomes, and the peak of memory;
peer      a four-state weekly model of work by heormodel (pip install heormodel), 1,000 people and
          100 draws under two arms, against the scenarios usual_care and workplace of as many;
pairs     how many times as many draws contrasts would need if scenarios did not share shocks.

Times differ between machines, and other work on this one shows in them: read the ratios.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from priors import load_evidence, load_prior_set
from scenarios import load_scenario
from twin.engine.settings import EngineSettings
from twin.engine.simulated import simulated
from twin.fit.settings import ModelSettings
from twin.outcomes.measures import Measures
from twin.outcomes.settings import OutcomeSettings
from twin.population.cohort import evidence_cohort
from twin.population.draw import draw_twins
from twin.population.settings import PopulationSettings
from twin.simulate.person import simulate_person
from twin.simulate.prepare import prepare
from twin.simulate.prepared import Prepared
from twin.simulate.settings import SimulationSettings

FOUR = ("usual_care", "selfback", "exercise", "workplace")
TWO = ("usual_care", "workplace")
STATES = ("working", "restricted", "sick_listed", "permanently_out")
STAGES = {
    "flares and errors, shocks included": ("noise.py", "residuals"),
    "natural course": ("person.py", "_natural"),
    "what scenarios do": ("follow.py", "follow"),
    "work, its shocks included": ("person.py", "fill_work"),
}


@dataclass(frozen=True)
class World:
    """People, as a fit would give them."""

    people: int
    draws: int

    def ready(self, names: Sequence[str], seed: int = 1) -> Prepared:
        """Return everything ready to simulate these people."""
        told = PopulationSettings(people=self.people, draws=self.draws)
        cohort = evidence_cohort(told, load_evidence(), seed=1)
        priors = load_prior_set("literature")
        fit = draw_twins(cohort, ModelSettings(), priors, self.draws, seed=1)
        scenarios = [load_scenario(name) for name in names]
        return prepare(cohort, fit, scenarios, self.settings, seed)

    @property
    def settings(self) -> SimulationSettings:
        """How they are simulated."""
        return SimulationSettings(draws=self.draws, progress_bar=False)


def updates(ready: Prepared) -> int:
    """Person-week-scenario updates of a run, over all draws."""
    design = ready.design
    weeks = len(design.weeks) - 1
    samples = design.n_chains * design.n_draws
    return len(design.patients) * samples * weeks * len(design.scenarios)


def everyone(ready: Prepared, threads: int) -> None:
    """Simulate everyone and forget what comes out."""

    def one(person: int) -> None:
        simulate_person(ready, person)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(one, range(len(ready.design.patients))):
            pass


class Took(NamedTuple):
    """Time of a run, seconds."""

    clock: float
    processor: float
    """Of all threads together: hardly changed by what else the machine does."""


def took(run: Callable[[], object]) -> Took:
    """Run and look at the clocks."""
    since, used = time.perf_counter(), time.process_time()
    run()
    return Took(time.perf_counter() - since, time.process_time() - used)


def compile_part(_: argparse.Namespace) -> None:
    """Seconds until the first person, import and preparation left out, in a new process."""
    code = (
        "import sys, time; sys.path[:0] = ['.', 'benchmarks']\n"
        "from simulate import FOUR, World, simulate_person\n"
        "ready = World(8, 16).ready(FOUR); since = time.perf_counter()\n"
        "for person in range(8): simulate_person(ready, person)\n"
        "print(time.perf_counter() - since)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        for what in ("nothing compiled", "kept from before"):
            command = [sys.executable, "-c", code]
            done = subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True
            )
            print(f"  eight people, {what}: {float(done.stdout):.1f} s")


def shocks_part(args: argparse.Namespace) -> None:
    """One scenario against its random numbers alone."""
    ready = World(args.people, args.draws).ready(FOUR[:1])
    design = ready.design
    shape = (len(design.weeks), design.n_chains * design.n_draws)

    def alone(person: int) -> None:
        numbers = np.random.Generator(np.random.Philox(key=person))
        numbers.standard_normal((2 * len(design.outcomes), *shape))
        if design.worker[person]:
            numbers.random(shape)

    def draw() -> None:
        with ThreadPoolExecutor(args.threads) as pool:
            for _ in pool.map(alone, range(len(design.patients))):
                pass

    everyone(replace_people(ready, 2), 1)
    random, simulated = took(draw), took(lambda: everyone(ready, args.threads))
    print(
        f"  one scenario {simulated.clock:.2f} s, NumPy's numbers {random.clock:.2f} s: ratio "
        f"{simulated.clock / random.clock:.2f}, of processor time "
        f"{simulated.processor / random.processor:.2f} (goal: at most 2.5)"
    )


def replace_people(ready: Prepared, n: int) -> Prepared:
    """Return the same with the first people only."""
    design = replace(ready.design, patients=ready.design.patients[:n])
    return replace(ready, design=design)


def updates_part(args: argparse.Namespace) -> None:
    """Rate with four scenarios."""
    ready = World(args.people, args.draws).ready(FOUR)
    everyone(replace_people(ready, 2), 1)
    found = {}
    for threads in (1, args.threads):
        found[threads] = took(lambda threads=threads: everyone(ready, threads))
        clock, processor = (updates(ready) / each / 1e6 for each in found[threads])
        print(
            f"  {threads} thread(s): {clock:.1f} million updates a second, "
            f"{processor:.1f} a second of one processor"
        )
    faster = found[1].clock / found[args.threads].clock
    print(f"  goals: 30 million, and 1.8 times one thread: {faster:.2f} times")


def time_part(args: argparse.Namespace) -> None:
    """Shares of one thread's time."""
    ready = replace_people(World(min(args.people, 100), args.draws).ready(FOUR), 100)
    everyone(replace_people(ready, 2), 1)
    profile = cProfile.Profile()
    profile.enable()
    for person in range(len(ready.design.patients)):
        simulate_person(ready, person)
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    found = {(key[0].rsplit("/", 1)[-1], key[2]): row[3] for key, row in stats.items()}
    whole = found["person.py", "simulate_person"]
    shares = {name: found[at] / whole for name, at in STAGES.items()}
    for name, share in shares.items():
        print(f"  {share:4.0%} {name}")
    print(f"  {1 - sum(shares.values()):4.0%} scores, and gathering what comes out")


def outcomes_part(args: argparse.Namespace) -> None:
    """Some scenarios with every default outcome."""
    ready = World(args.people, args.draws).ready(FOUR[: args.scenarios])
    everyone(replace_people(ready, 2), 1)
    measures = Measures.of(ready.design, OutcomeSettings())

    def run_all() -> None:
        simulated(
            ready,
            measures,
            store=None,
            engine=EngineSettings(),
            threads=args.threads,
            progress_bar=False,
        ).outcomes()

    run = took(run_all)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"  {updates(ready) / 1e6:.0f} million updates with all outcomes {run.clock:.1f} s, "
        f"processor {run.processor:.1f} s (goal for 208 million: 12 s), "
        f"{1e6 * run.processor / updates(ready):.2f} s a million; "
        f"peak of the process {peak:.2f} GiB"
    )


def peer_part(args: argparse.Namespace) -> None:
    """The same kind of model by heormodel."""
    import pandas as pd
    from heormodel.models import MicrosimModel
    from heormodel.run import run_psa

    rng = np.random.default_rng(1)
    moves = ((0, 1), (0, 2), (1, 2), (1, 0), (2, 1), (2, 0), (2, 3))

    # arguments are heormodel's, whether used or not
    def probabilities(params, intervention, state, attrs, rng):  # noqa: ARG001
        up = attrs["frailty"].to_numpy() + 2.0 * (attrs["level"].to_numpy() - 0.3)
        ratio = params["log_ratio"] if intervention == "workplace" else 0.0
        rate = np.zeros((len(state), 4))
        for number, (source, target) in enumerate(moves):
            here = state == source
            shift = up if target > source else ratio * (target == 0) - up
            rate[here, target] = np.exp(params[f"move_{number}"] + shift[here])
        total = rate.sum(axis=1, keepdims=True)
        found = rate / np.where(total > 0, total, 1) * -np.expm1(-total)
        found[np.arange(len(state)), state] = 1 - found.sum(axis=1)
        return found

    def rewards(params, intervention, state, attrs):  # noqa: ARG001
        return np.array([0.0, 2.5, 5.0, 5.0])[state], (state == 0).astype(float)

    def people(rng, n):
        return pd.DataFrame({"level": rng.uniform(0, 1, n), "frailty": rng.normal(0, 0.4, n)})

    model = MicrosimModel.discrete(
        states=STATES,
        transition_probabilities=probabilities,
        state_rewards=rewards,
        interventions=list(TWO),
        n_cycles=52,
        cycle_length=1 / 52,
        population=people,
        n_individuals=1000,
        initial_state=2,
        effect="weeks",
    )
    usual = np.log([0.01, 0.003, 0.02, 0.09, 0.05, 0.1, 0.0005])
    draws = pd.DataFrame(
        {f"move_{n}": rng.normal(mean, 0.2, 100) for n, mean in enumerate(usual)}
        | {"log_ratio": rng.normal(0.4, 0.1, 100)},
        index=pd.RangeIndex(100, name="iteration"),
    )
    theirs = took(lambda: run_psa(model, draws, seed=1, n_jobs=args.threads, progress=False))
    ready = World(1000, 100).ready(TWO)
    everyone(replace_people(ready, 2), 1)
    ours = took(lambda: everyone(ready, args.threads))
    print(
        f"  heormodel {theirs.clock:.1f} s, work alone; ours {ours.clock:.2f} s, scores of two "
        f"outcomes besides: {theirs.clock / ours.clock:.1f} times (goal: 10)"
    )


def pairs_part(args: argparse.Namespace) -> None:
    """Variance of contrasts with shared shocks and with others."""
    world = World(min(args.people, 50), min(args.draws, 400))
    names = ("usual_care", "selfback", "workplace")
    ready = world.ready(names)
    other = replace(ready, seed=ready.seed + 1)  # other shocks, the same people and effects
    found: dict[str, list[list[float]]] = {}
    for person in range(world.people):
        one, two = (simulate_person(each, person) for each in (ready, other))
        for scenario, name in enumerate(names[1:], start=1):
            for what, of in (
                ("recorded disability, week 26", lambda each: each.recorded[:, :, 26, 1]),
                ("weeks away from full work", lambda each: (each.work > 0).sum(axis=2)),
            ):
                reference = of(one)[0].astype(float)
                pair = [(of(each)[scenario] - reference).var() for each in (one, two)]
                if pair[0] > 0:
                    found.setdefault(f"{what}, {name}", []).append(pair)
    for what, pairs in found.items():
        paired, unpaired = np.mean(pairs, axis=0)
        print(f"  a person's difference in {what}: variance {unpaired / paired:.1f} times as large")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "compile": compile_part,
    "shocks": shocks_part,
    "updates": updates_part,
    "time": time_part,
    "outcomes": outcomes_part,
    "peer": peer_part,
    "pairs": pairs_part,
}


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--scenarios", type=int, default=4, help="of the part outcomes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    if len(args.only) == 1:
        (name,) = args.only
        print(name, flush=True)
        PARTS[name](args)
        return
    sizes = [f"--{what}={of}" for what, of in vars(args).items() if what != "only"]
    for name in args.only:
        # alone in a process: the memory of one part would weigh on the time and peak of the next
        subprocess.run([sys.executable, __file__, *sizes, "--only", name], check=True)


if __name__ == "__main__":
    main()
