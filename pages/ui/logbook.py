"""The logbook of the visit: every run that a picture was made of, written down without its weights."""

from collections.abc import Sequence

from pages.ui import work


def logbook():
    """This visit's logbook; closing the tab closes it."""
    from core.training.logbook import Logbook  # loads torch, which the front page must not wait for

    return work.own("logbook", Logbook, Logbook.clear)


def visited() -> tuple:
    """Every run of this visit so far."""
    return tuple(logbook().entries.values())


def keep(shown: Sequence, where: str) -> None:
    """Write down the runs behind what a page has shown."""
    if not shown:
        return
    from core.training.logbook import runs_in

    if any(True for each in shown for _ in runs_in(each)):
        for each in shown:
            logbook().keep(each, where)
