"""Who may import whom: the arrows of the architecture, read from the source."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))
KIT = sorted((ROOT / "pages" / "ui").rglob("*.py"))
HUB = sorted((ROOT / "pages").glob("*.py"))
PAGES = sorted((ROOT / "pages").glob("[0-9][0-9]_*/*.py"))
DEMOS = sorted((ROOT / "demos").glob("*/*.py"))
CORE_DOORS = [path for path in CORE if path.parent.name == "core" or path.name == "__init__.py"]
STANDARD = sys.stdlib_module_names

# Inside core, a room may import its own level and those above it in this list; every room stands in it.
LEVELS = [
    {
        "adversarial_losses",
        "cancel",
        "cores",
        "randomness",
        "places",
        "provenance",
        "formulas",
        "markdown",
        "metrics",
        "objectives",
        "data",
        "models",
        "packages",
        "serving",
        "wording",
    },
    {"training", "language"},
    {"probes"},
    {"diagnosis", "programs", "jobs", "figures"},
    {"lessons"},
    {"deployment"},
    {"topics", "projects"},
]
# What only some functions need. The slowest of these takes fourteen seconds to import (gymnasium, quick, is no part).
HEAVY = {
    *("accelerate", "cv2", "diffusers", "gradio", "matplotlib", "numba", "onnx", "onnxruntime", "optuna"),
    *("pandas", "ray", "scipy", "sklearn", "tensorboard", "torchvision", "transformers", "ultralytics"),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of everything a tree imports; `from core import curriculum` counts as core.lessons.curriculum."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide who depends on whom"
            bare = node.module in ("core", "pages")
            yield from (f"{node.module}.{alias.name}" if bare else str(node.module) for alias in node.names)
        elif not for_types_only(node):
            yield from imported(node)


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name(path))


def strangers(path: Path, *welcome: str, standard: bool = True) -> set[str]:
    """What a file imports besides the standard library and the welcome packages."""
    own = {each for each in imported(parsed(path)) if not (standard and each.partition(".")[0] in STANDARD)}
    return {each for each in own if not any(each == one or each.startswith(one + ".") for one in welcome)}


def unit(path: Path) -> str:
    return path.relative_to(ROOT).parts[1].removesuffix(".py") if path in CORE else ""


def graph(late: bool = True) -> dict[str, set[str]]:
    """Which unit of core (a file or a package directly below it) imports which; with ``late``, in any function too."""
    edges: dict[str, set[str]] = {}
    for path in CORE:
        tree = parsed(path) if late else ast.Module(list(executed(parsed(path).body)), [])
        used = {each.split(".")[1] for each in imported(tree) if each.startswith("core.")}
        edges.setdefault(unit(path), set()).update(used - {unit(path)})
    return edges


def reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen, waiting = set(), [start]
    while waiting:
        fresh = edges.get(waiting.pop(), set()) - seen
        seen |= fresh
        waiting += fresh
    return seen


@pytest.mark.parametrize("path", CORE, ids=name)
def test_core_imports_no_screen_and_no_page(path: Path):
    used = {each.partition(".")[0] for each in imported(parsed(path))}
    assert not used & {"streamlit", "gradio", "pages", "demos", "Home", "tests"}


def test_inside_core_the_arrows_point_one_way():
    edges = graph()
    for height, level in enumerate(LEVELS):
        later = set().union(*LEVELS[height + 1 :])
        for each in level & set(edges):
            assert not reachable(each, edges) & later, f"core.{each} reaches {reachable(each, edges) & later}"


def test_every_room_of_core_has_its_level():
    assert set(graph()) - {"__init__"} == set().union(*LEVELS)


@pytest.mark.parametrize("path", [path for path in CORE if unit(path) in ("topics", "projects")], ids=name)
def test_a_topic_imports_no_other_topic_and_a_project_no_other_project(path: Path):
    """What a second topic needs moves down into a shared room. Text counts too: a module may be imported by name."""
    own = word(path)
    used = {
        each.split(".")[2] for each in imported(parsed(path)) if each.startswith(("core.topics.", "core.projects."))
    }
    assert used <= {own}
    assert set(re.findall(r"core\.(?:topics|projects)\.(\w+)", path.read_text(encoding="utf-8"))) <= {own}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_imports_its_own_topic_or_project_alone(path: Path):
    used = {each for each in imported(parsed(path)) if each.startswith(("core.topics.", "core.projects."))}
    topics = {each.split(".")[2] for each in used if each.startswith("core.topics.")}
    assert topics <= {path.stem[3:]}
    assert len({each.split(".")[2] for each in used if each.startswith("core.projects.")}) <= 1


def test_every_topic_is_named_like_a_page():
    assert {word(path) for path in CORE if unit(path) == "topics" and word(path)} <= {path.stem[3:] for path in PAGES}


def word(path: Path) -> str:
    """The topic or project that a file of core belongs to."""
    parts = path.relative_to(ROOT).parts
    return parts[2].removesuffix(".py").replace("__init__", "")


def test_no_two_units_of_core_need_each_other_to_be_imported():
    try:
        TopologicalSorter(graph(late=False)).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


def test_the_curriculum_uses_the_standard_library_only():
    assert strangers(ROOT / "core" / "lessons" / "curriculum.py") == set()


def test_heavy_imports_happen_inside_the_function_that_needs_them():
    """Neither importing a unit of core nor opening a page or a demo loads a heavy library before it is needed."""
    doors = [*CORE_DOORS, ROOT / "Home.py", *KIT, *HUB, *PAGES, *DEMOS]
    for path in loaded_at_once(doors):
        heavy = HEAVY - {"gradio"} if path in DEMOS else HEAVY if unit(path) == "figures" else HEAVY | {"plotly"}
        found = {each.partition(".")[0] for each in imported(ast.Module(list(executed(parsed(path).body)), []))} & heavy
        assert not found, f"{name(path)} imports {found} at once"


def loaded_at_once(doors: list[Path]) -> set[Path]:
    """The files that importing the doors runs, followed through the imports outside functions."""
    seen, waiting = set(doors), list(doors)
    while waiting:
        tops = imported(ast.Module(list(executed(parsed(waiting.pop()).body)), []))
        files = {file for top in tops if top.startswith(("core.", "pages.")) for file in files_of(top)}
        waiting += files - seen
        seen |= files
    return seen


def files_of(module: str) -> Iterator[Path]:
    """The files that importing a dotted name runs: the module and the packages above it."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:length])
        yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file())


def executed(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The import statements that run when the module is imported: outside functions and `if TYPE_CHECKING`."""
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            yield statement
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and not for_types_only(statement):
            yield from executed([each for each in ast.iter_child_nodes(statement) if isinstance(each, ast.stmt)])


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_imports_streamlit_core_and_the_kit(path: Path):
    assert strangers(path, "streamlit", "core", "pages.ui", standard=False) == set()


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_says_one_thing_without_machinery(path: Path):
    """No class, no loop, no except, no session state: whatever needs one belongs into core or the kit."""
    banned = ast.ClassDef, ast.For, ast.While, ast.Try, ast.AsyncFor, ast.Global, ast.Nonlocal
    tree = parsed(path)
    assert [f"line {node.lineno}: {type(node).__name__}" for node in ast.walk(tree) if isinstance(node, banned)] == []
    assert "session_state" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*KIT, *HUB], ids=name)
def test_kit_and_hub_lay_out_what_core_computes(path: Path):
    assert strangers(path, "streamlit", "core", "pages.ui") == set()


@pytest.mark.parametrize("path", DEMOS, ids=name)
def test_a_demo_lives_on_gradio_and_core_alone(path: Path):
    """And on what all demos share, which lives on Gradio."""
    assert strangers(path, "gradio", "core", "demos.look") == set()
    assert strangers(ROOT / "demos" / "look.py", "gradio") == set()


def test_opening_home_loads_no_model_library():
    """The front page paints from text alone, in a fresh process."""
    code = (
        "import sys, streamlit\n"
        "from streamlit.testing.v1 import AppTest\n"
        "streamlit.set_option('client.showErrorDetails', 'full')\n"
        f"app = AppTest.from_file({str(ROOT / 'pages' / 'hub.py')!r}, default_timeout=60).run()\n"
        "assert not app.exception, app.exception\n"
        "print('LOADED', *sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = {module.partition(".")[0] for module in run.stdout.partition("LOADED")[2].split()}
    assert "core" in loaded
    assert not loaded & {"torch", "torchvision", "transformers", "diffusers", "ultralytics", "gradio", "sklearn"}
