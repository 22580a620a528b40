"""A demo as a Hugging Face Space: assemble a folder, check it, publish it.

``python -m demos.spaces assemble mnist folder`` copies the demo, what it imports and its assets;
``check folder`` says what a Space would stumble over; ``publish mnist owner/name`` uploads. ``hub`` in the place of a
demo is the whole hub, as a Docker Space.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from demos.space_checks import LARGE, SpaceError, faults, files, front_matter, imports, later

ROOT = Path(__file__).resolve().parents[1]
WHOLE = ("Home.py", "pages", "core", "assets", ".streamlit")
HUB = (*WHOLE, "requirements.txt", "constraints.txt", "Dockerfile", "LICENSE")


def demos() -> list[str]:
    """The names of the demos, in alphabetical order."""
    return sorted(path.parent.name for path in (ROOT / "demos").glob("*/app.py"))


def assemble(name: str, out: Path) -> Path:
    """Write the complete Space of a demo, or of the ``hub``, to the folder ``out``, new or empty; return it.

    Raises ``SpaceError`` for an unknown name or a folder with something in it.
    """
    if name not in (*demos(), "hub"):
        raise SpaceError(f"There is no demo {name!r}; choose one of {', '.join((*demos(), 'hub'))}.")
    if out.exists() and any(out.iterdir()):
        raise SpaceError(f"{out} is not empty: name a new folder.")
    out.mkdir(parents=True, exist_ok=True)
    for source, target in parts(name):
        copied(source, out / target)
    large = [path for path in files(out) if path.stat().st_size > LARGE]
    if large:
        lines = [f"{path.relative_to(out).as_posix()} filter=lfs diff=lfs merge=lfs -text\n" for path in large]
        (out / ".gitattributes").write_text("".join(lines))
    return out


def parts(name: str) -> Iterator[tuple[Path, str]]:
    """What a Space consists of: a file or folder of the project and its place in the Space."""
    if name == "hub":
        yield ROOT / "demos" / "hub.md", "README.md"
        yield from ((ROOT / part, part) for part in HUB)
        return
    folder = ROOT / "demos" / name
    for file in ("app.py", "README.md", "requirements.txt"):
        yield folder / file, file
    yield ROOT / "LICENSE", "LICENSE"
    needed = sorted(modules(folder / "app.py"))
    for module in needed:
        yield module, module.relative_to(ROOT).as_posix()
    for project in sorted({path.parent.name for path in needed if path.parent.parent == ROOT / "core" / "projects"}):
        if (ROOT / "assets" / project).is_dir():
            yield ROOT / "assets" / project, f"assets/{project}"


def copied(source: Path, target: Path) -> None:
    """Copy a file or a folder without caches; raises ``SpaceError`` where there is none."""
    if not source.exists():
        raise SpaceError(f"{source.relative_to(ROOT)} is missing: without it the Space is not complete.")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    else:
        shutil.copyfile(source, target)


def modules(start: Path) -> set[Path]:
    """The project's files that a program imports, directly or through others, also inside functions."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        for imported in imports(waiting.pop()):
            for file in located(imported):
                if file not in found:
                    found.add(file)
                    waiting.append(file)
    return found


def located(name: str) -> Iterator[Path]:
    """The files behind a dotted name of the project: the module, and every package above it."""
    pieces = name.split(".")
    if pieces[0] not in ("core", "demos"):
        return
    for length in range(1, len(pieces) + 1):
        path = ROOT.joinpath(*pieces[:length])
        if (path / "__init__.py").is_file():
            yield path / "__init__.py"
        elif path.with_suffix(".py").is_file():
            yield path.with_suffix(".py")
        elif (path.parent / "__init__.py").is_file() and (module := later(path.parent / "__init__.py").get(path.name)):
            yield from located(module)


def publish(name: str, repository: str) -> str:
    """Assemble, check and upload a Space; return its address. Raises ``SpaceError`` saying what is missing."""
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository or ""):
        raise SpaceError("Name the Space as owner/name: make publish DEMO=mnist REPO=owner/name.")
    if get_token() is None:
        raise SpaceError(
            "No Hugging Face token is set: create one with write access at https://huggingface.co/settings/tokens, "
            "then set HF_TOKEN or run `hf auth login`."
        )
    with tempfile.TemporaryDirectory() as place:
        folder = assemble(name, Path(place) / "space")
        if wrong := faults(folder):
            raise SpaceError("The Space is not ready: " + " ".join(wrong))
        sdk = str(front_matter((folder / "README.md").read_text(encoding="utf-8"))["sdk"])
        try:
            api = HfApi()
            api.create_repo(repository, repo_type="space", space_sdk=sdk, exist_ok=True)
            api.upload_folder(folder_path=folder, repo_id=repository, repo_type="space", delete_patterns="*")
        except (HfHubHTTPError, HFValidationError, OSError) as error:
            raise SpaceError(f"Hugging Face did not take it: {str(error).strip().splitlines()[0]}") from None
    return f"https://huggingface.co/spaces/{repository}"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demos.spaces", description=__doc__.splitlines()[0])
    orders = parser.add_subparsers(dest="order", required=True)
    for order, arguments in (("assemble", ("name", "out")), ("check", ("out",)), ("publish", ("name", "repository"))):
        one = orders.add_parser(order)
        for argument in arguments:
            one.add_argument(argument, type=Path if argument == "out" else str)
    wanted = parser.parse_args(words)
    try:
        if wanted.order == "publish":
            print(f"Published: {publish(wanted.name, wanted.repository)}")
            return 0
        folder = assemble(wanted.name, wanted.out) if wanted.order == "assemble" else wanted.out
    except SpaceError as error:
        print(error, file=sys.stderr)
        return 1
    for fault in (wrong := faults(folder)):
        print(fault, file=sys.stderr)
    if not wrong:
        size = sum(path.stat().st_size for path in files(folder)) / 1e6
        print(f"{folder} is a complete Space: {len(files(folder))} files, {size:.1f} MB.")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
