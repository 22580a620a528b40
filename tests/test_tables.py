"""Tables as they come out of other people's programs, made here: what is read, proposed, left out and said."""

import itertools
import random

import pytest
from own_tables import refused, written
from pages_under_test import opened as page_of
from pages_under_test import watched

from core.data import OwnDataError, sheet, table
from core.data.cells import MISSING
from core.data.encodings import NAMES
from core.data.tables import Table, account, opened, screen_names
from core.lessons import curriculum


def rows(seed: int, kinds=("a", "b"), samples: int = 16) -> list[tuple[str, str, str]]:
    """Two decimals and a kind, one row after another."""
    draw = random.Random(seed)
    return [
        (f"{draw.gauss(3 * (i % len(kinds)), 1):.2f}", f"{draw.gauss(0, 1):.2f}", kinds[i % len(kinds)])
        for i in range(samples)
    ]


def read(names, lines, separator: str = ",", encoding: str = "utf-8"):
    """The sheet, the proposed table and its problem."""
    page, columns = opened(written([names, *lines], separator).encode(encoding))
    chosen = Table(page.text, *columns)
    return page, chosen, chosen.problem(0.25, 0)


# The header


@pytest.mark.parametrize("names", [("0", "1", "target"), ("1", "2", "3"), ("2019", "2020", "kind"), ("", "0", "1")])
def test_numbers_that_count_are_names_above_classes(names, seed):
    page, _, data = read(names, rows(seed))
    assert page.header and len(page.rows) == 16 and len(data.classes) == 2
    assert page.columns == tuple(name or "column 1" for name in names)


def test_years_above_numbers_are_names(seed):
    draw = random.Random(seed)
    for scale, form in ((10.0, ".2f"), (10.0, ".0f"), (1e5, ".1f")):
        lines = [tuple(format(draw.uniform(1, scale), form) for _ in range(3)) for _ in range(16)]
        page = sheet(written([("2019", "2020", "2021"), *lines]))
        assert page.header and page.columns == ("2019", "2020", "2021") and len(page.rows) == 16


def test_a_first_row_of_values_stays_a_row(seed):
    lines = rows(seed)
    assert not sheet(written(lines)).header and len(sheet(written(lines)).rows) == 16
    whole = [(str(i % 5), str(i % 7 + 1), "ab"[i % 2]) for i in range(16)]
    assert not sheet(written(whole)).header
    numbers = [(str(i * 7 % 10), str(i * 3 % 10), str(i * 9 % 10)) for i in range(20)]
    for count in range(len(numbers)):
        turned = [*numbers[count:], *numbers[:count]]
        assert not sheet(written(turned)).header, turned[0]
    counting = written([("1", "2", "3"), *numbers])
    assert not sheet(counting).header and sheet(counting, header=True).columns == ("1", "2", "3")


# The column to learn, and columns that are no input


def test_the_class_column_may_stand_anywhere(seed):
    for place in range(3):
        order = [1, 2]
        order.insert(place, 0)
        names = [("species", "length", "width")[index] for index in order]
        lines = [[(kind, x, y)[index] for index in order] for x, y, kind in rows(seed)]
        _, chosen, data = read(names, lines)
        assert chosen.target == "species" and {chosen.across, chosen.up} == {"length", "width"}
        assert data.classes == ("a", "b") and data.target == "species"


def test_a_column_that_only_numbers_the_rows_is_no_input(seed):
    for first, start in (("id", 0), ("", 1), ("row", 1000)):
        lines = [(str(start + i), *row) for i, row in enumerate(rows(seed))]
        _, chosen, _ = read((first, "x", "y", "k"), lines)
        assert (chosen.across, chosen.up) == ("x", "y")
        assert table(written([(first, "x", "y", "k"), *lines])).columns == ("x", "y")
    shuffled = [(str(7 * i % 16), *row) for i, row in enumerate(rows(seed))]
    assert read(("", "x", "y", "k"), shuffled)[1].across == "x", "without a name"
    assert read(("age", "x", "y", "k"), shuffled)[1].across == "age"
    only = [(str(i), *row[1:]) for i, row in enumerate(rows(seed))]
    assert read(("day", "y", "k"), only)[1].across == "day", "where there is nothing else to look at"


# Missing values


@pytest.mark.parametrize("word", ["?", "None", "#N/A", "-", "NA", "NaN", "null", "<NA>", "", "N/A", "#DIV/0!", "."])
def test_a_row_without_a_value_is_left_out_and_said_so(word, seed):
    names, lines = ("x", "y", "k"), rows(seed)
    for place, lost in itertools.product(range(3), (1, 2)):
        gaps = [["0.5", "1.0", "a"] for _ in range(lost)]
        for gap in gaps:
            gap[place] = word
        page, chosen, data = read(names, [*lines, *gaps])
        assert data.classes == ("a", "b") and len(data.x) + len(data.x_test) == 16
        said = "1 row has no value" if lost == 1 else "2 rows have no value"
        assert said in account(page, chosen)
    if word:
        assert f"{word} is not a number but a missing value" in refused(written([names, *lines, ("1", word, "a")]))
    assert word.lower() in MISSING and "left out" not in account(*read(names, lines)[:2])


# Signs


def test_a_point_that_could_separate_thousands_is_refused_unless_settled():
    prices = ("950", "1.250", "12.500", "2.100")
    lines = [(prices[i % 4], str(20 + i % 9), "ab"[i % 2]) for i in range(16)]
    text = written([("Preis", "Flaeche", "Art"), *lines], ";")
    assert refused(text) == (
        "Row 3, column “Preis”: 1.250 could mean 1.250 or 1250; say which sign is the decimal sign."
    )
    assert refused(text.replace(";", ",")).startswith("Row 3, column “Preis”: 1.250 could mean")
    points, commas = sheet(text, decimal="."), sheet(text, decimal=",")
    assert points.numbers("Preis")[:4] == [950, 1.25, 12.5, 2.1]
    assert commas.numbers("Preis")[:4] == [950, 1250, 12500, 2100]
    assert sheet(text.replace("20;a", "20,5;a")).numbers("Preis")[:4] == [950, 1250, 12500, 2100]
    assert sheet(text.replace("2.100", "2.1")).numbers("Preis")[:4] == [950, 1.25, 12.5, 2.1]


def test_numbers_with_three_decimals_stay_what_they_are(seed):
    draw = random.Random(seed)
    lines = [(f"{draw.uniform(1, 99):.3f}", f"{draw.uniform(1, 99):.3f}", str(i % 2)) for i in range(30)]
    page = sheet(written([("a", "b", "k"), *lines]))
    assert page.decimal == "." and page.numbers("a") == [float(line[0]) for line in lines]


def test_thousands_beside_decimals_are_read():
    lines = [("1,234.5", "0.5", "a"), ("12,000", "1.5", "b"), ("1,234,567.25", "2", "a"), ("7", "3", "b")]
    assert sheet(written([("x", "y", "k"), *lines])).numbers("x") == [1234.5, 12000, 1234567.25, 7]
    turned = [[cell.translate(str.maketrans(".,", ",.")) for cell in line] for line in lines]
    assert sheet(written([("x", "y", "k"), *turned], ";")).numbers("x") == [1234.5, 12000, 1234567.25, 7]


# Encodings

WORDS = {
    "gb18030": (("身高", "体重", "性别"), ("男", "女")), "cp932": (("身長", "体重", "性別"), ("男", "女")),
    "big5": (("身高", "體重", "性別"), ("男", "女")), "cp949": (("키", "몸무게", "성별"), ("남자", "여자")),
    "cp1250": (("výška", "šířka", "třída"), ("žlutý", "černý")),
    "cp1253": (("ύψος", "βάρος", "φύλο"), ("άνδρας", "γυναίκα")),
    "cp1251": (("рост", "вес", "пол"), ("женский", "мужской")),
    "cp1254": (("uzunluk", "ağırlık", "cins"), ("sarı", "yeşil")),
    "cp1252": (("taille", "poids", "espèce"), ("fleur", "étoile")),
}  # fmt: skip


@pytest.mark.parametrize("encoding", WORDS)
@pytest.mark.parametrize("samples", [16, 900])
def test_a_regional_encoding_is_told_and_named(encoding, samples, seed):
    names, kinds = WORDS[encoding]
    page, chosen, data = read(names, rows(seed, kinds, samples), encoding=encoding)
    assert page.columns == names and set(data.classes) == set(kinds)
    assert f"read as {NAMES[encoding]}" in account(page, chosen)


def test_an_encoding_can_be_chosen():
    content = written([("x", "y", "nő"), *rows(0)]).encode("cp1250")
    assert sheet(content, encoding="cp1250").columns[2] == "nő"
    assert sheet(content, encoding="cp1252").columns[2] == "nõ"
    assert sheet(written([("x", "nő"), ("1", "2")]).encode(), encoding="cp1252").columns == ("x", "nő"), "UTF-8 is sure"
    with pytest.raises(OwnDataError, match=r"not in Japanese \(Shift-JIS\): save it as UTF-8\.$"):
        sheet(b"x,\x81\n1,2\n", encoding="cp932")


def test_one_letter_written_in_two_ways_is_one_class(seed):
    lines = rows(seed, ("caf\u00e9", "cafe\u0301", "tea"), 18)
    assert read(("x", "y", "k"), lines)[2].classes == ("café", "tea")


# The names of classes


@pytest.mark.parametrize(
    "kinds",
    [("<5", ">5"), ("1234567", "1234568"), ("0.1", "0.30000000000000004", "0.3"), ("*", "#", "$"),
     ("Pygoscelis antarctica, male", "Pygoscelis antarctica, female"), ("5", "5,5"),
     ("x" * 40 + "1" + "y" * 40, "x" * 40 + "2" + "y" * 40)],
    ids=lambda kinds: kinds[0][:9],
)  # fmt: skip
def test_two_classes_never_share_a_name(kinds, seed):
    names, lines = ("x", "y", "k"), rows(seed, kinds, 18)
    data = Table(written([names, *lines]), *names, task="classification").problem(0.25, 0)
    assert len(set(data.classes)) == len(kinds) and all(len(name) <= 24 for name in data.classes)
    assert not any(sign in "".join(data.classes) for sign in "<>$`*[]")
    assert len(set(data.labels)) == len(kinds)


def test_whole_numbers_keep_all_their_digits(seed):
    assert read(("x", "y", "id"), rows(seed, ("1234567", "1234568")))[2].classes == ("1234567", "1234568")
    assert screen_names(["<5", ">5"]) == ("‹5", "›5")


# On the page


def test_the_page_says_how_a_table_was_read_and_lets_it_be_read_otherwise(seed):
    topic = curriculum.topic("mlp")
    content = written([("身高", "体重", "性别"), *rows(seed, ("男", "女")), ("1.0", "?", "男")]).encode("gb18030")
    with watched() as shown:
        app = page_of(topic, {"mlp.data": "own table"})
        app.file_uploader[0].set_value(("own.csv", content, "text/csv")).run()
        assert not app.exception and not app.error
        said = " ".join(text.value for text in app.caption)
        assert "17 rows, read as Chinese (GBK)" in said and "1 row has no value" in said
        assert set(shown.programs[-1].data.labels) == {"男", "女"}
        app.session_state["mlp.first_row"] = "values"
        app.run()
    assert not app.exception and [error.value for error in app.error] and "column" in app.error[0].value


def test_an_ambiguous_number_is_settled_by_a_control():
    lines = [(("950", "1.250")[i % 2], str(20 + i % 9), "ab"[i % 2]) for i in range(16)]
    with watched() as shown:
        app = page_of(curriculum.topic("mlp"), {"mlp.data": "own table"})
        app.file_uploader[0].set_value(("own.csv", written([("p", "q", "k"), *lines], ";").encode(), "text/csv")).run()
        assert "could mean" in app.error[0].value
        app.session_state["mlp.decimal_sign"] = "comma"
        app.run()
    assert not app.exception and not app.error and shown.programs
    assert shown.programs[-1].data.scales[0][0] > 900
