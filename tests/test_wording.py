"""Numbers in sentences, in tables, at axes and bars; and words that do not fit."""

import pytest

from core.figures.curves import bars, number
from core.figures.marks import powers, staggered, wrapped
from core.lessons.question import Scale
from core.provenance import duration
from core.wording import article, bytes_told, code, counted
from pages.ui.cells import broken, tabular
from pages.ui.wording import figures, signed


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 epochs"), (1, "1 epoch"), (2000, "2,000 epochs"), (1.0, "1 epoch"), (0.5, "0.5 epochs")],
)
def test_one_of_a_thing_is_no_plural(count, said):
    assert counted(count, "epoch") == said


def test_digits_bytes_and_seconds_are_said_as_a_person_reads_them():
    assert [article(digit) for digit in (1, 8, 9)] == ["a 1", "an 8", "a 9"]
    assert [bytes_told(count) for count in (4, 999, 1000, 16_384, 2e15)] == [
        "4 bytes",
        "999 bytes",
        "1 kB",
        "16.4 kB",
        "2e+03 TB",
    ]
    assert [duration(each) for each in (0.00042, 0.0042, 0.42, 42)] == ["0.4 ms", "4 ms", "420 ms", "42.0 s"]


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


def test_a_bar_of_nothing_is_drawn():
    """Plotly leaves it out, and its number, unless it has a rim."""
    assert bars({"raw": 0.0, "white": 0.5}, ("", "Loss")).traces[0]["marker"]["line"]["width"] > 0


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [
        (0.13, 1.0, ("0.2", "0.5", "1")),  # not one label alone
        (0.002, 3.0, ("0.01", "0.1", "1")),
        (1e-8, 1e4, ("10<sup>−8</sup>", "1", "10<sup>4</sup>")),
        (2e-6, 3e-6, ("2·10<sup>−6</sup>",)),
        (0.013, 3.0, ("0.03", "0.1", "0.3", "1", "3")),
    ],
)
def test_a_logarithmic_axis_has_labels_of_one_size_however_much_it_spans(low, high, some):
    axis = powers(low, high)
    inside = [name for at, name in zip(axis["tickvals"], axis["ticktext"], strict=True) if low <= at <= high * 1.001]
    assert set(some) <= set(inside) and 2 <= len(inside) <= 9
    assert axis["tickvals"] == sorted(axis["tickvals"])


def test_the_decades_around_a_single_value_have_few_labels():
    axis = powers(0.01, 0.01)
    assert [name for at, name in zip(axis["tickvals"], axis["ticktext"], strict=True) if at <= 0.1] == [
        "0.01",
        "0.02",
        "0.05",
    ]


def test_a_table_breaks_long_words_only_and_in_as_few_columns_as_fit_a_phone():
    assert broken({"Optimizer": ["Momentum", "RMSProp"], "Step size": ["0.03", "0.1"], "Held-out loss": ["0.2"]}) == []
    wide = {
        "What": ["saves"],
        "Code": ["torch.save(model.state_dict(),f)"],
        "Size": ["1,024 bytes"],
        "Safe": ["yes"],
    }
    assert broken(wide) == [2]
    assert broken(wide | {"Code": ["`torch.save(model.state_dict(),`"]}) == [], "code breaks by itself"
    assert broken({f"Measurement{place}": ["extraordinarily"] for place in range(6)}) == [1, 2, 3, 4, 5, 6]


def test_numbers_in_tables_have_a_true_minus_sign():
    assert [figures(cell) for cell in ("-0.5", "-x", "a-1", -3)] == ["−0.5", "-x", "a-1", -3]
    assert [figures(cell) for cell in ("-5.2e-05", "eps=1e-5", "`1e-3`")] == ["−5.2e−05", "eps=1e-5", "`1e-3`"]


def test_numbers_in_sentences_have_a_true_minus_sign_but_not_in_code_formulas_and_addresses():
    assert signed("Now: -0.2 points, at (-1, 5e-07); **-3**.") == "Now: −0.2 points, at (−1, 5e−07); **−3**."
    for same in (
        "`x[-1]` of $-1$",
        "2026-11-28",
        "GPT-2, top-5, 3-5",
        "[a](b?x=-1&y=-2)",
        "eps=1e-",
        "```\n-1\n```",
        "- 5",
    ):
        assert signed(same) == same


def test_numbers_in_sentences_have_no_exponent_up_to_a_million():
    assert [number(value) for value in (0.12345, -0.5, 999.9, 11675.0, 2e6)] == [
        "0.123",
        "−0.5",
        "1,000",
        "11,675",
        "2e+06",
    ]
    assert Scale(-3, 0).written(-0.75) == "−0.75"


def test_numbers_of_seeds_stand_above_their_whiskers():
    bar, above = bars({"a": [1.0, 3.0], "b": [2.0, 2.0]}, ("", "Loss")).traces
    assert bar["textposition"] == "none" and above["y"] == [3.0, 2.0] and above["text"] == ["2", "2"]


def test_code_in_a_sentence_cannot_end_itself():
    assert code("__builtin__ set") == "`__builtin__ set`" and code("") == "" and code("a`b") == "`a'b`"


def test_a_table_reads_code_bold_words_and_links_and_shows_everything_else_as_it_is():
    table = tabular(
        {"A & b": ["**bold** `x<1`", "<b onclick=alert(1)>", r"\*its own\*"], "train_loss": [-1, "-0.5", 2]}
    )
    assert '<th scope="col">A &amp; b</th>' in table and ">train_loss<" in table
    assert "<td><strong>bold</strong> <code>x&lt;1</code></td>" in table
    assert "<td>&lt;b onclick=alert(1)&gt;</td>" in table and "<td>*its own*</td>" in table
    assert "<td>−0.5</td>" in table and "<td>2</td>" in table
    assert "<a" not in tabular({"A": ["[x](javascript:alert(1))"]})
    assert '<a href="calculus">Calculus</a>' in tabular({"A": ["[Calculus](calculus)"]})
    assert "<img" not in tabular({"A": ["![x](https://example.org/x.png)"]}), (
        "nothing is fetched because a text says so"
    )
