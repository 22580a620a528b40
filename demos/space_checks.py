"""What a Hugging Face Space would stumble over, found before it is uploaded."""

import ast
import functools
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SDKS = ("gradio", "docker", "static")
LARGE = 10_000_000  # bytes; a larger file needs Git LFS on the Hub
UNASKED = {"ray"}  # imported only where RAY_ADDRESS names a cluster, which no Space has
EXECUTABLE_WEIGHTS = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib")


class SpaceError(ValueError):
    """A Space that cannot be made or published; the message says what is missing."""


def faults(folder: Path) -> list[str]:
    """Everything a Space made of this folder would stumble over, a sentence each; empty if it is ready."""
    if not (folder / "README.md").is_file():
        return ["README.md with the Space's settings is missing."]
    try:
        settings = front_matter((folder / "README.md").read_text(encoding="utf-8"))
    except SpaceError as error:
        return [str(error)]
    sdk = settings.get("sdk")
    found = [*setting_faults(settings), *file_faults(folder)]
    if sdk == "gradio":
        found += gradio_faults(folder, settings)
    if sdk == "docker":
        found += docker_faults(folder, settings)
    return found


def setting_faults(settings: dict[str, object]) -> Iterator[str]:
    """What is wrong with the settings of any Space."""
    for name in ("title", "emoji", "colorFrom", "colorTo", "sdk", "license", "short_description"):
        if not settings.get(name):
            yield f"README.md sets no {name}."
    for name in ("colorFrom", "colorTo"):
        if settings.get(name) not in COLOURS:
            yield f"{name} must be one of {', '.join(COLOURS)}."
    if settings.get("sdk") not in SDKS:
        yield f"sdk must be one of {', '.join(SDKS)}."
    if len(str(settings.get("short_description", ""))) > 60:
        yield "short_description is longer than 60 characters."


def gradio_faults(folder: Path, settings: dict[str, object]) -> Iterator[str]:
    """What is wrong with a Gradio Space."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", str(settings.get("sdk_version", ""))):
        yield 'sdk_version must be pinned, as in "6.31.0".'
    if not re.fullmatch(r"3\.\d+(\.\d+)?", version := str(settings.get("python_version", ""))):
        yield 'python_version must be set, as in "3.11": the default is older than this project needs.'
    elif int(version.split(".")[1]) < 11:
        yield "python_version must be 3.11 or later."
    app = folder / str(settings.get("app_file", "app.py"))
    if not app.is_file():
        yield f"{app.name} is missing."
        return
    if not any("demo" in named(node) for node in ast.parse(app.read_text(encoding="utf-8")).body):
        yield f"{app.name} has no module-level demo."
    yield from requirement_faults(folder)


def named(node: ast.stmt) -> set[str]:
    """The names a statement gives."""
    if isinstance(node, ast.With):
        return {item.optional_vars.id for item in node.items if isinstance(item.optional_vars, ast.Name)}
    return {target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)}


def requirement_faults(folder: Path) -> Iterator[str]:
    """Requirements that are loose, superfluous or missing."""
    if not (folder / "requirements.txt").is_file():
        yield "requirements.txt is missing."
        return
    lines = [line.split("#")[0].strip() for line in (folder / "requirements.txt").read_text().splitlines()]
    wanted = {re.split(r"[\[=<>~! ]", line)[0].lower().replace("_", "-") for line in lines if line}
    for line in filter(None, lines):
        if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!]+", line):
            yield f"requirements.txt: {line!r} is not pinned with ==."
    if "gradio" in wanted:
        yield "requirements.txt names gradio: on a Space sdk_version decides its version."
    known = distributions()
    for package in sorted(outside(folder) - UNASKED):
        names = {one.lower().replace("_", "-") for one in known.get(package, [package])}
        if not names & (wanted | {"gradio"}):
            yield f"{package} is imported, but requirements.txt does not name {' or '.join(sorted(names))}."


@functools.lru_cache(maxsize=1)
def distributions() -> dict[str, list[str]]:
    """Which installed distributions bring a top-level package."""
    return dict(packages_distributions())


def outside(folder: Path) -> set[str]:
    """Top-level packages that the Space's programs import and neither Python nor the Space brings."""
    programs = [path for path in files(folder) if path.suffix == ".py"]
    own = {path.stem for path in folder.glob("*.py")} | {path.name for path in folder.iterdir() if path.is_dir()}
    every = {name.split(".")[0] for path in programs for name in imports(path)}
    return every - own - set(sys.stdlib_module_names)


def docker_faults(folder: Path, settings: dict[str, object]) -> Iterator[str]:
    """What is wrong with a Docker Space: it runs as user 1000 and is reached at ``app_port``."""
    if not (folder / "Dockerfile").is_file():
        yield "Dockerfile is missing."
        return
    text, port = (folder / "Dockerfile").read_text(), str(settings.get("app_port", 7860))
    if port not in text:
        yield f"The Dockerfile does not mention port {port}, where the Space is reached (app_port)."
    if not re.search(r"^USER\s+\S+", text, re.MULTILINE):
        yield "The Dockerfile sets no USER: a Space runs as user 1000."
    for line in re.findall(r"^COPY\s+(.+)", text, re.MULTILINE):
        for source in [word for word in line.split() if not word.startswith("--")][:-1]:
            if not (folder / source).exists():
                yield f"The Dockerfile copies {source}, which is missing."


def file_faults(folder: Path) -> Iterator[str]:
    """Files that a Space must not have."""
    attributes = folder / ".gitattributes"
    stored_large = attributes.read_text() if attributes.is_file() else ""
    for path in files(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            yield f"{name} is a link: a Space gets files only."
        if path.stat().st_size > LARGE and name not in stored_large:
            yield f"{name} is larger than 10 MB and not listed in .gitattributes for Git LFS."
        if path.suffix in EXECUTABLE_WEIGHTS:
            yield f"{name} may run code when it is loaded: ship safetensors."
        if path.name in (".env", "secrets.toml") or path.suffix == ".pem":
            yield f"{name} looks like a secret."


def files(folder: Path) -> list[Path]:
    """All files below a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)


def imports(file: Path) -> set[str]:
    """Dotted names of everything a file imports when it runs; ``from a import b`` counts as ``a`` and ``a.b``."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    unread = {id(inner) for node in ast.walk(tree) if typing_only(node) for inner in ast.walk(node)}
    return {name for node in ast.walk(tree) if id(node) not in unread for name in imported(node)}


def typing_only(node: ast.AST) -> bool:
    """Whether a statement is for type checkers alone."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node: ast.AST) -> set[str]:
    """Dotted names of everything that a statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return set()


def later(package: Path) -> dict[str, str]:
    """Names that a package has only once they are asked for, each with the module that brings it: type checkers are
    told of them."""
    blocks = filter(typing_only, ast.parse(package.read_text(encoding="utf-8")).body)
    nodes = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in nodes for alias in node.names}


def front_matter(card: str) -> dict[str, object]:
    """The settings at the head of a Space card; raises ``SpaceError`` where there are none."""
    import yaml

    match = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    if match is None:
        raise SpaceError("README.md does not begin with settings between two lines of ---.")
    try:
        settings = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        raise SpaceError(f"The settings in README.md are not YAML: {error}") from None
    if not isinstance(settings, dict):
        raise SpaceError("The settings in README.md are not names with values.")
    return settings
