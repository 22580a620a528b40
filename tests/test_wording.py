"""Numbers in sentences."""

import pytest

from core.wording import counted


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 epochs"), (1, "1 epoch"), (2000, "2,000 epochs"), (1.0, "1 epoch"), (0.5, "0.5 epochs")],
)
def test_one_of_a_thing_is_no_plural(count, said):
    assert counted(count, "epoch") == said


def test_a_plural_may_be_told():
    assert counted(1, "class", "classes") == "1 class" and counted(3, "class", "classes") == "3 classes"
