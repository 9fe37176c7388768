"""Who may import whom.

Read from the sources with `ast`, so that an import inside a function, or one for type checking
only, counts too. Some rules are proved a second time by what Python really loads.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("priors", "scenarios", "twin")
ENTRY = "run_simulation"

# Lowest first. A part is a module or package and everything below its name: `twin.report` holds
# twin/report.py, twin/report/page.py and twin/report_page.py. It may import parts of lower layers.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("priors",),
    ("scenarios",),
    ("twin",),  # twin/__init__.py is loaded with every part, so it may load none of them
    ("twin.errors", "twin.keyed"),
    ("twin.instruments",),
    ("twin.law",),
    ("twin.update",),
    ("twin.cohort",),
    ("twin.fit",),
    ("twin.assimilate",),
    ("twin.twins",),
    ("twin.simulate",),
    ("twin.elicit",),
    ("twin.population",),
    ("twin.outcomes",),
    ("twin.engine",),
    ("twin.diagnose",),
    ("twin.report", "twin.export"),
    ("twin.preview",),
    ("twin.config",),
    ("twin.validate",),
    ("twin.pipeline",),
    (ENTRY, "scenarios.__main__"),  # a command of a low package may call upon what lies above it
)
LAYER = {part: height for height, parts in enumerate(LAYERS) for part in parts}

# Parts that may import less of ours than their layer would allow.
ONLY_ITSELF = ("twin.law",)

# Third-party packages that only some parts may import.
OWNERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("pymc", "pytensor", "nutpie", "numpyro", "jax", "jaxlib"),
        ("twin.fit", "twin.elicit"),
    ),
    **dict.fromkeys(("hydra", "omegaconf"), (ENTRY, "twin.config")),
    **dict.fromkeys(("dask", "distributed"), ("twin.engine",)),
    **dict.fromkeys(
        ("matplotlib", "arviz_plots", "bokeh", "plotly", "seaborn"),
        ("twin.report",),
    ),
}

# Third-party packages that a part may not import although others may.
BARRED: dict[str, tuple[str, ...]] = {
    "twin.law": ("xarray", "pandas", "pandera", "arviz", "arviz_base", "arviz_stats"),
}


def part_of(module: str) -> str | None:
    """Return the part that holds a module of ours; None if it has no place in LAYERS."""
    if module in ("twin", "scenarios.__main__"):
        return module
    pieces = module.split(".")
    head = ".".join(pieces[:2]) if pieces[0] == "twin" else pieces[0]
    inside = [part for part in LAYER if part != "twin" and re.match(rf"{part}(_|$)", head)]
    return max(inside, key=len, default=None)


def module_name(path: str) -> str:
    """Return the dotted name of a file, given relative to the root with forward slashes."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of everything that a source imports, relative names resolved."""
    package = module_name(path).split(".")
    if not path.endswith("/__init__.py"):
        package.pop()
    for node in ast.walk(ast.parse(source, filename=path)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                start = package[: len(package) - level + 1] if level else []
                stem = ".".join([*start, *([base] if base else [])])
                # `from twin import law` imports twin.law: the name may be a module too
                yield from ((node.lineno, f"{stem}.{alias.name}") for alias in names)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(function).endswith(("import_module", "__import__")):
                    yield node.lineno, name


def verdict(module: str, target: str) -> str | None:
    """Return the name that a module may not import and why, or None where it may."""
    here = part_of(module)
    assert here is not None
    top = target.split(".", maxsplit=1)[0]

    if top not in (*PACKAGES, ENTRY):
        if top in OWNERS and here not in OWNERS[top]:
            return f"{top}: only {' and '.join(OWNERS[top])} may"
        if top in BARRED.get(here, ()):
            return f"{top}: {here} may import none of {', '.join(BARRED[here])}"
        return None

    # a name that is no part is something that the package itself defines
    there = part_of(target) or "twin"
    if there == here:
        return None
    if here in ONLY_ITSELF:
        return f"{there}: {here} may import nothing of ours but itself"
    if LAYER[there] >= LAYER[here]:
        below = ", ".join(part for part in LAYER if LAYER[part] < LAYER[here] and part != "twin")
        return f"{there}: {here} may import nothing of ours but {below or 'itself'}"
    return None


def violations(path: str, source: str) -> list[str]:
    """Return one line for each import in a source that breaks a rule."""
    module = module_name(path)
    if part_of(module) is None:
        return [f"{path}:1 has no place in the order of layers: give it one in LAYERS"]
    found = sorted(set(imports(path, source)))
    # once per line and part, however many names of it are imported there
    verdicts = dict.fromkeys((line, verdict(module, target)) for line, target in found)
    return [f"{path}:{line} imports {why}" for line, why in verdicts if why]


def sources() -> list[Path]:
    """Return every Python file that the rules are about."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    entry = ROOT / f"{ENTRY}.py"
    return [*files, entry] if entry.exists() else files


def test_every_import_points_the_way_the_design_says() -> None:
    files = sources()
    assert {"priors", "twin"} <= {file.relative_to(ROOT).parts[0] for file in files}
    broken = [
        line
        for file in files
        for line in violations(file.relative_to(ROOT).as_posix(), file.read_text("utf-8"))
    ]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        # one owner for each heavy third-party package
        ("twin/law/x.py", "import pymc as pm", "pymc"),
        ("twin/law/x.py", "from pytensor import tensor as pt", "pytensor"),
        ("twin/law/x.py", "import jax.numpy as jnp", "jax"),
        ("twin/twins.py", "def f():\n    import pymc", "pymc"),
        ("twin/simulate/kernel.py", "import jax", "jax"),
        ("twin/validate.py", "import nutpie", "nutpie"),
        ("twin/cohort/read.py", "import numpyro", "numpyro"),
        ("priors/evidence.py", "import pymc", "pymc"),
        ("twin/fit/sample.py", "from omegaconf import DictConfig", "omegaconf"),
        ("twin/pipeline.py", "import hydra", "hydra"),
        ("twin/outcomes.py", "import matplotlib.pyplot as plt", "matplotlib"),
        ("twin/simulate/x.py", "import distributed", "distributed"),
        ("twin/outcomes/x.py", "from twin.engine.store import Store", "twin.engine"),
        ("run_simulation.py", "import pymc", "pymc"),
        # the law is arrays and nothing else
        ("twin/law/x.py", "import hydra", "hydra"),
        ("twin/law/x.py", "import xarray as xr", "xarray"),
        ("twin/law/x.py", "import pandas as pd", "pandas"),
        ("twin/law/x.py", "import arviz as az", "arviz"),
        ("twin/law/x.py", "from twin.errors import BacktwinError", "twin.errors"),
        ("twin/law/x.py", "from priors import Prior", "priors"),
        # layers, by every way of writing an import
        ("priors/evidence.py", "from twin.law import course", "twin.law"),
        ("priors/evidence.py", "import scenarios", "scenarios"),
        ("scenarios/types.py", "from twin import instruments", "twin.instruments"),
        ("twin/__init__.py", "from .fit import fit", "twin.fit"),
        ("twin/instruments/__init__.py", "from twin.cohort import Cohort", "twin.cohort"),
        ("twin/cohort/read.py", "from ..fit import model", "twin.fit"),
        ("twin/cohort/__init__.py", "from ..twins import Twin", "twin.twins"),
        ("twin/cohort.py", "from . import twins", "twin.twins"),
        ("twin/cohort.py", "from .fit.model import build", "twin.fit"),
        ("twin/fit/model.py", "import twin.twins", "twin.twins"),
        ("twin/fit/model.py", "from twin import errors, twins", "twin.twins"),
        ("twin/twins.py", "import importlib\nimportlib.import_module('twin.simulate')", "simulate"),
        ("twin/simulate.py", "if TYPE_CHECKING:\n    import twin.outcomes", "twin.outcomes"),
        ("twin/export.py", "from twin.report_page import page", "twin.report"),
        ("twin/report/page.py", "from twin.config import Settings", "twin.config"),
        ("twin/validate/coverage.py", "from twin.pipeline import run", "twin.pipeline"),
        ("twin/pipeline.py", "from run_simulation import main", "run_simulation"),
    ],
)
def test_a_planted_violation_is_named_with_its_file_and_line(
    path: str, source: str, name: str
) -> None:
    line = source.count("\n") + 1
    (found,) = violations(path, source)
    assert re.match(rf"{re.escape(path)}:{line} imports \S*{name}: ", found), found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("priors/evidence.py", "import numpy\nfrom .types import Prior\nfrom priors import load"),
        ("scenarios/types.py", "import yaml\nfrom priors import Source"),
        ("twin/law/course.py", "import numpy\nfrom .ops import Ops\nfrom twin.law import grid"),
        ("twin/law/__init__.py", "from . import course\nfrom .ops import Ops"),
        ("twin/cohort/synthetic.py", "import pandas\nfrom twin.law import course"),
        ("twin/fit/model.py", "import pymc\nimport jax\nimport priors\nfrom ..law import course"),
        ("twin/fit.py", "from twin import __version__"),
        ("twin/report_page.py", "import matplotlib\nfrom twin.outcomes import Contrast"),
        ("twin/config/schema.py", "import omegaconf\nfrom twin.fit import FitSettings"),
        ("twin/validate.py", "from twin import cohort, fit, twins, simulate, report, config"),
        ("twin/pipeline.py", "from twin import config, report, export, validate\nimport scenarios"),
        ("run_simulation.py", "import hydra\nimport omegaconf\nfrom twin.pipeline import run"),
    ],
)
def test_an_allowed_import_passes(path: str, source: str) -> None:
    assert violations(path, source) == []


def test_the_message_says_who_may() -> None:
    source = "import numpy\n\nimport pymc\n"
    assert violations("twin/law/x.py", source) == [
        "twin/law/x.py:3 imports pymc: only twin.fit and twin.elicit may"
    ]


def test_a_module_without_a_layer_is_refused() -> None:
    (found,) = violations("twin/helpers.py", "")
    assert found.startswith("twin/helpers.py:1 has no place in the order of layers")


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("priors", {*OWNERS, "scenarios", "twin"}),
        ("scenarios", {*OWNERS, "twin"}),
        ("twin.law", {*OWNERS, *BARRED["twin.law"], "priors", "scenarios"}),
        # a bad cohort is answered within seconds because nothing heavy is loaded to read it
        ("twin.cohort", {*OWNERS, "arviz"}),
    ],
)
def test_importing_a_light_part_loads_nothing_heavy(module: str, unwanted: set[str]) -> None:
    program = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    loaded = unwanted & set(run.stdout.split())
    assert not loaded, f"import {module} loads {', '.join(sorted(loaded))}"
