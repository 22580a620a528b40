"""What a piece of work says while it runs: values, a result, or one sentence about what went wrong."""

import inspect
import logging
from collections.abc import Callable, Generator

from core.cancel import Cancel

LOG = logging.getLogger(__name__)


def produced(function: Callable, arguments: tuple, keywords: dict, cancel: Cancel) -> Generator:
    """The work as events: ("value", …) for what it yields, ("result", …) or ("failed", one sentence) at the end."""
    try:
        if inspect.isgeneratorfunction(function):
            result = yield from values(function(*arguments, **keywords), cancel)
        else:
            if takes_cancel(function):
                keywords = {"cancel": cancel, **keywords}
            result = function(*arguments, **keywords)
        yield "result", result
    except Exception as error:
        LOG.warning("a job failed", exc_info=error)
        yield "failed", sentence(error)


def takes_cancel(function: Callable) -> bool:
    """Whether a function has a parameter ``cancel``."""
    try:
        return "cancel" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return False


def values(generator: Generator, cancel: Cancel) -> Generator:
    """What a generator yields until it ends or is cancelled; returns what it returns."""
    try:
        while not cancel.is_set():
            yield "value", next(generator)
    except StopIteration as end:
        return end.value
    finally:
        generator.close()


def sentence(error: BaseException) -> str:
    """An error in one sentence: its own where it was written for people, else with its kind."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:300]
    own = isinstance(error, ValueError | FileNotFoundError) and " " in text
    text = text if own else f"It stopped with {type(error).__name__}" + (f": {text}" if text else "")
    return text if text.endswith((".", "!", "?")) else text + "."
