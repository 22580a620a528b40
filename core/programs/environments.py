"""Environments: what a program needs, as a file for conda and as the first cells of a notebook for Google Colab."""

import base64
import json
from collections.abc import Mapping, Sequence

PYTHON = "3.11"  # the version that the pins were tried on
MOST_EMBEDDED = 2_000_000  # bytes of files that a notebook carries itself

INSTALL = """# What this notebook needs and this machine lacks is installed; what is there is used as it is.
import importlib.util
import subprocess
import sys

needed = {needed}
missing = [pin for name, pin in needed.items() if importlib.util.find_spec(name) is None]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *missing], check=True)"""
WRITE = """# The files that the program reads.
import base64
from pathlib import Path

files = {files}
for name, content in files.items():
    Path(name).write_bytes(base64.b64decode(content))"""
UPLOAD = """# The files that the program reads are too large for a notebook: choose {names} from your own disk.
from google.colab import files

files.upload()"""


def environment(name: str, requirements: Sequence[str]) -> str:
    """An ``environment.yml``: conda brings Python, pip and Jupyter's kernel, pip the rest at the versions tried here.

    conda-forge does not have every release of PyPI, so that only pip is asked for exact versions.
    """
    import yaml

    parts = ["pip", "ipykernel", *([{"pip": list(requirements)}] if requirements else [])]
    content = {"name": name, "channels": ["conda-forge"], "dependencies": [f"python={PYTHON}", *parts]}
    head = f"# conda env create --file environment.yml\n# conda activate {name}\n"
    return head + yaml.safe_dump(content, sort_keys=False, default_flow_style=False)


def first_cells(needed: Mapping[str, str], files: Mapping[str, str | bytes]) -> list[str]:
    """The code cells that make a bare machine ready: ``needed`` maps what is imported to what pip installs for it."""
    cells = [INSTALL.format(needed=json.dumps(dict(needed)))]
    contents = {name: part if isinstance(part, bytes) else part.encode() for name, part in files.items()}
    if sum(map(len, contents.values())) > MOST_EMBEDDED:
        return [*cells, UPLOAD.format(names=", ".join(contents))]
    if contents:
        coded = {name: base64.b64encode(part).decode() for name, part in contents.items()}
        cells.append(WRITE.format(files=json.dumps(coded, indent=4)))
    return cells


def notebook(cells: Sequence[tuple[str, str]], **metadata: object) -> str:
    """Cells (kind, text) as a notebook in JSON (nbformat 4.5)."""
    content = {
        "cells": [cell(number, *each) for number, each in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def cell(number: int, kind: str, text: str) -> dict:
    """One cell of a notebook."""
    content = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
    return content | ({"execution_count": None, "outputs": []} if kind == "code" else {})
