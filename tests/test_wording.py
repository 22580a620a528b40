"""Numbers in sentences, and numbers and names at bars."""

import pytest

from core.figures.curves import bars, staggered, wrapped
from core.wording import counted


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 epochs"), (1, "1 epoch"), (2000, "2,000 epochs"), (1.0, "1 epoch"), (0.5, "0.5 epochs")],
)
def test_one_of_a_thing_is_no_plural(count, said):
    assert counted(count, "epoch") == said


def test_a_plural_may_be_told():
    assert counted(1, "class", "classes") == "1 class" and counted(3, "class", "classes") == "3 classes"


def test_bars_of_shares_say_percent_and_names_that_would_meet_stand_lower():
    shares = bars({"raw": 0.25, "white": [0.5, 0.7]}, ("", "Accuracy"), yaxis={"tickformat": ".0%"})
    assert shares.traces[0]["text"] == ["25.0%", "60.0%"] and "white 60.0%" in shares.alt
    assert bars({"raw": 0.25}, ("", "Loss")).traces[0]["text"] == ["0.25"]
    assert wrapped("for conda", 16) == "for conda"
    assert wrapped("the planned training", 8) == "the<br>planned<br>training"
    assert staggered(["raw", "centred"]) == ["raw", "centred"]
    assert staggered(["raw", "centred", "standardised", "whitened"])[1::2] == ["<br>centred", "<br>whitened"]
    assert staggered(["with a<br>mean", "standardised once", "w"])[1] == "<br><br>standardised once"
