"""Where things come from: the call that made a data set or a network, and the run behind a figure."""

import hashlib
import inspect
import json
from collections.abc import Callable


def written(function: Callable, arguments: tuple, keywords: dict) -> str:
    """A call as Python source, as short as it can be: ``moons(noise=0.3, seed=1)``.

    Positional arguments of a plain signature are named, arguments equal to their default are left out.
    """
    parameters = inspect.signature(function).parameters
    bound = inspect.signature(function).bind(*arguments, **keywords).arguments
    parts = []
    for name, value in bound.items():
        if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL:
            parts += [repr(item) for item in value]
        elif value != parameters[name].default:
            parts.append(f"{name}={value!r}")
    return f"{function.__name__}({', '.join(parts)})"


def fingerprint(specification: object) -> str:
    """Eight hexadecimal digits that change when the specification (anything JSON can say) changes."""
    return hashlib.sha256(json.dumps(specification, sort_keys=True, default=str).encode()).hexdigest()[:8]
