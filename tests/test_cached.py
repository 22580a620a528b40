"""The hub keeps results for everyone; no page may be given what another page measured."""

import runpy

import pytest

from pages import ui

PAGE = """
from pages import ui

def recorded():
    return {value!r}

@ui.cached
def record():
    return recorded()
"""


@pytest.mark.parametrize("values", [("clothes", "descent"), (1, 2)])
def test_two_pages_with_the_same_lines_keep_their_own_results(tmp_path, values):
    pages = [tmp_path / f"page{number}.py" for number in range(2)]
    for path, value in zip(pages, values, strict=True):
        path.write_text(PAGE.format(value=value), encoding="utf-8")
    records = [runpy.run_path(str(path), run_name="__main__")["record"] for path in pages]
    assert tuple(record() for record in records) == values
    assert tuple(record() for record in records) == values, "and again, from what was kept"
    again = runpy.run_path(str(pages[0]), run_name="__main__")["record"]
    assert again() == values[0], "a page that is run again finds its own result"


MEASURED = []


def measured(seed: int) -> int:
    """An experiment of core's, as pages hand it to the cache."""
    MEASURED.append(seed)
    return seed


def test_an_experiment_is_measured_once_however_often_its_page_runs():
    for _ in range(3):  # every run of a page asks for the cached function anew
        assert ui.cached(measured)(7) == 7
    assert MEASURED == [7]
