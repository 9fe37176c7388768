"""Bad input is answered at once, in one readable message, before anything is sampled."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scenarios.cite import Citations
from scenarios.load import intervention_mapping

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 5.0
SECONDS_OF_HELP = 2.0

PATIENTS = """\
patient_id,consented,allocation,clinic,region,employed,age,sex,education,heavy_work,smoking
p1,yes,A,c1,LBP,yes,34,f,higher,0,never
p2,yes,B,c1,LBP,no,71,m,primary,0,former
p3,yes,A,c2,NP,yes,52,f,secondary,1,never
"""
VISITS = """\
patient_id,weeks_since_baseline,nrs_average,rmdq_total,work,sick_days
p1,0,6,12,sick,
p1,6,4,9,adapted,11
p2,0,5,8,,
p3,0,7,15,full,
"""


def ran(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Return what the program did in a folder, and its seconds of processor time.

    The wall clock would time whatever else the machine is doing.
    """
    since = _seconds_of_children()
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_simulation.py"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, _seconds_of_children() - since


def _seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def refused(folder: Path, *arguments: str) -> str:
    """Return the message with which the program refuses."""
    done, seconds = ran(folder, *arguments)
    assert done.returncode == 2, done.stderr or done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert "Error executing job" not in done.stderr
    assert done.stdout == ""
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert not (folder / "fits").exists()
    return done.stderr


def with_tables(folder: Path, patients: str = PATIENTS, visits: str = VISITS) -> Path:
    data = folder / "my_data"
    data.mkdir()
    (data / "patients.csv").write_text(patients, encoding="utf-8")
    (data / "visits.csv").write_text(visits, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("patients", "visits", "says"),
    [
        (PATIENTS.splitlines()[0] + "\n", VISITS, ["patients.csv", "holds no patients"]),
        (PATIENTS, f"{VISITS}p1,6,3,8,adapted,\n", ["visits.csv, row 6", "second visit"]),
        (PATIENTS, f"{VISITS}p2,-2,3,8,,\n", ["visits.csv, row 6", "-2"]),
        (PATIENTS, f"{VISITS}p2,6,11,8,,\n", ["visits.csv, row 6", "nrs_average = 11"]),
        (PATIENTS.replace(",B,", ",C,"), VISITS, ["patients.csv, row 3", "allocation = 'C'"]),
        (PATIENTS, f"{VISITS}p2,6,mild,8,,\n", ["visits.csv, row 6", "nrs_average = 'mild'"]),
        (PATIENTS.replace("clinic", "clinik"), VISITS, ["patients.csv", "clinic", "clinik"]),
    ],
    ids=[
        "an empty cohort",
        "a duplicate visit",
        "a visit before baseline",
        "a score off its scale",
        "an arm without a mapping",
        "a word for a number",
        "an unknown column",
    ],
)
def test_a_bad_table_is_refused_with_the_place(
    tmp_path: Path, patients: str, visits: str, says: list[str]
) -> None:
    message = refused(with_tables(tmp_path, patients, visits), "cohort=example_tables")
    assert all(word in message for word in says), message


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["cohort=example_tables"], ["my_data/patients.csv", "does not exist"]),
        (["cohort=ashar"], ["cohort = 'ashar'", "Did you mean 'ashar2022'?"]),
        (["chort=ashar2022"], ["'chort'", "Did you mean 'cohort'?"]),
        (["sampler.drwas=5"], ["'sampler.drwas'", "Did you mean 'draws'?"]),
        (["+sampler.drwas=5"], ["'sampler.drwas'", "Did you mean 'draws'?"]),
        (["sampler.draws=many"], ["sampler.draws = 'many'", "integer"]),
        (["priors=literatur"], ["priors = 'literatur'", "Did you mean 'literature'?"]),
        (["priors=cohort"], ["'priors.fit' is required", "priors.fit=..."]),
        (["priors=cohort", "priors.fit=none.nc"], ["'none.nc'", "no such file", "output.fits"]),
        (["sampler=quick,pymc"], ["sampler=quick,pymc", "-m"]),
        (["model.grid=[0,4,9]"], ["grid"]),
        (["-m", "seed=-1,2"], ["seed = -1"]),
        (["sampler.draws=[3"], ["[3"]),
        (["output.folder=${nowhere}"], ["nowhere"]),
        (["simulation=qick"], ["simulation = 'qick'", "Did you mean 'quick'?"]),
        (["simulation=3"], ["simulation = 3", "Options: default, quick."]),
        (["sampler=null"], ["sampler = 'null'", "nutpie"]),
        (["sampler=[a]"], ["sampler = 'a'", "nutpie"]),
        (["cohort={peple:3}"], ["'cohort'", "people"]),
        (["sampler.drws.x=5"], ["'sampler.drws'", "Did you mean 'draws'?"]),
        (["seed.x=5"], ["'seed.x'", "single value"]),
        (["scenario"], ["'scenario'", "key=value"]),
        (["--config-name=nope"], ["--config-name = 'nope'", "config"]),
        (["simulation.horizn=3"], ["'simulation.horizn'", "Did you mean 'horizon_weeks'?"]),
        (["simulation.horizon_weeks=60"], ["simulation.horizon_weeks = 60", "week 52", "grid"]),
        (["report.important_change.pain=2"], ["+report.important_change.pain=..."]),
        (["+report.harm_change.pian=2"], ["report.harm_change = 'pian'", "Did you mean 'pain'?"]),
        (
            ["simulation.secular_trend={disabilty: {mean: -0.5, sd: 0.2}}"],
            ["simulation.secular_trend = 'disabilty'", "Did you mean 'disability'?"],
        ),
        (["scenario=[usual_care,selfbak]"], ["selfbak", "Did you mean 'selfback'?"]),
        (["scenario=usual_care,selfback"], ["key=[a,b]", "-m"]),
        (["scenario=selfback"], ["scenario = 'selfback'", "a list of scenarios"]),
        (
            ["scenario=[app,selfback]"],
            ["simulation.comparator = 'usual_care'", "Chosen: app, self"],
        ),
        (["simulation.comparator=usual_cre"], ["'usual_cre'", "Did you mean 'usual_care'?"]),
        (["scenario=[usual_care,app,app]"], ["scenario = 'app' is chosen twice"]),
        (
            ["scenario=[usual_care,pain_reprocessing]"],
            ["pain_reprocessing", "cohort synthetic does not have", "Its arms received app."],
        ),
    ],
    ids=" ".join,
)
def test_a_bad_choice_is_refused_with_the_nearest_good_one(
    tmp_path: Path, arguments: list[str], says: list[str]
) -> None:
    message = refused(tmp_path, *arguments)
    assert all(word in message for word in says), message


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("target: pain", "target: pain_levl", ["effects.1.target = 'pain_levl'", "'pain'?"]),
        ("label: borrowed", "", ["effects.0.label' is required", "borrowed, assumed"]),
        ("label: borrowed", "label: borowed", ["= 'borowed'", "Did you mean 'borrowed'?"]),
        ("duration_weeks: 39", "duration_weeks: long", ["duration_weeks = 'long'", "number"]),
        ("family: normal", "family: norml", ["'norml'", "Did you mean 'normal'?"]),
        ("instrument: rmdq", "instrument: rmqd", ["= 'rmqd'", "Did you mean 'rmdq'?"]),
        ("lasting_share:", "lasting_shares:", ["lasting_shares'", "Did you mean 'lasting_share'?"]),
        ("title: The", "title: The: ", ["line 1", "is not YAML"]),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_bad_scenario_file_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, says: list[str]
) -> None:
    # with its intervention written out, as a user's own file may have it
    given = yaml.safe_load((ROOT / "scenarios" / "selfback.yaml").read_text("utf-8"))
    typed = Citations("same", ()).resolve("", intervention_mapping("selfback"))
    good = yaml.safe_dump(given | {"interventions": [typed]}, sort_keys=False)
    assert old in good
    (tmp_path / "mine.yaml").write_text(good.replace(old, new, 1), encoding="utf-8")
    message = refused(tmp_path, "scenario=[usual_care,mine.yaml]")
    assert all(word in message for word in ["mine", *says]), message
    assert len(message.splitlines()) == 1


def test_every_bad_scenario_file_is_named_at_once(tmp_path: Path) -> None:
    for name in ("early", "late"):
        (tmp_path / f"{name}.yaml").write_text("titel: mine", encoding="utf-8")
    message = refused(tmp_path, "scenario=[usual_care,early.yaml,late.yaml,lat.yaml]")
    for word in ("early.yaml: ", "late.yaml: ", "no scenario file 'lat.yaml'", "'late.yaml'?"):
        assert word in message, message


def test_work_cannot_be_simulated_of_a_cohort_that_did_not_follow_it(tmp_path: Path) -> None:
    folder = with_tables(tmp_path)
    message = refused(
        folder,
        "cohort=example_tables",
        "~cohort.columns.work_status",
        "~cohort.columns.days_absent",
        "scenario=[usual_care,workplace]",
    )
    assert "'first_return' is not an outcome of cohort example_tables" in message
    assert "It has pain, disability, and no work status." in message


def test_a_visit_that_the_grid_does_not_reach_is_refused(tmp_path: Path) -> None:
    folder = with_tables(tmp_path, visits=f"{VISITS}p2,80,3,8,,\n")
    assert "week 52" in refused(folder, "cohort=example_tables")


def test_asking_for_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, runpy; sys.argv = ['run_simulation.py', '--help']\n"
        "try: runpy.run_path('run_simulation.py', run_name='__main__')\n"
        "except SystemExit as done: assert not done.code\n"
        "print(sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    *text, modules = done.stdout.splitlines()
    assert any("cohort: " in line and "ashar2022" in line for line in text)
    assert any("simulation: " in line and "quick" in line for line in text)
    loaded = {"pymc", "pandas", "xarray", "numpy"} & set(modules.replace("'", " ").split())
    assert not loaded


def test_help_answers_within_two_seconds(tmp_path: Path) -> None:
    done, seconds = ran(tmp_path, "--help")
    assert done.returncode == 0
    assert "horizon_weeks: 52" in done.stdout
    assert seconds < SECONDS_OF_HELP, f"{seconds:.1f} s"
    assert not list(tmp_path.iterdir())


def test_a_sweep_runs_once_with_each_choice(tmp_path: Path) -> None:
    program = (
        "import sys, runpy, twin.pipeline.comparison\n"
        "def run(config):\n"
        "    print('ran', config.seed, *config.scenario, config.simulation.draws)\n"
        "twin.pipeline.run = run\n"
        "twin.pipeline.comparison.compare = lambda runs: f'compared {len(runs)}'\n"
        "sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    sweep = ["seed=1,2", "scenario=[usual_care,app],[usual_care,null]", "simulation=quick"]
    arguments = [str(ROOT / "run_simulation.py"), "-m", *sweep]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("ran")] == [
        f"ran {seed} usual_care {other} 100" for seed in (1, 2) for other in ("app", "null")
    ]
    assert done.stdout.splitlines()[-1] == "compared 4"
