"""The learner's own tables: what is recognised, and a sentence that names the place of every mistake."""

import io
import random

import numpy as np
import pytest
import torch
from comparing import same
from own_tables import PLAIN, refused, written

import core.data as sets
from core.data import OwnDataError, sheet, table
from core.models import MLP
from core.training import Recipe, train

# Tables: what is recognised


def test_a_plain_table(seed):
    data = table(PLAIN, seed=seed)
    assert data.classes == ("a", "b") and data.x.shape == (8, 2) and data.x_test.shape == (2, 2)
    assert data.x.mean(dim=0).abs().max() < 1e-6 and (data.x.std(dim=0, correction=0) - 1).abs().max() < 1e-6
    everything = torch.cat([data.x, data.x_test])
    assert np.corrcoef(everything.T)[0, 1] == pytest.approx(-1), "rows stay together"
    assert same(eval(data.source, vars(sets)), data)


def test_the_held_out_rows_have_no_say_in_the_scale(seed):
    rows = [[str(value), str(value * 2 + 1)] for value in range(40)]
    data = table(written(rows), task="regression", header=False, seed=seed)
    changed = table(written(rows), task="regression", header=False, seed=seed)
    assert same(data, changed)
    position = torch.cat([data.x, data.x_test])[:, 0].sort().values
    assert torch.allclose(position.diff(), position.diff()[:1].expand(39), atol=1e-6)
    assert data.x.mean().abs() < 1e-6 < torch.cat([data.x, data.x_test]).mean().abs()
    assert torch.allclose(data.x, data.y, atol=1e-5), "a regression's target is standardised too"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(separator, encoding, ending):
    rows = [("größe", "höhe", "art"), *[(str(3 * i), str(i * i), ["Käfer", "Wanze"][i % 2]) for i in range(12)]]
    content = written(rows, separator, lineterminator=ending).encode(encoding)
    data = table(content)
    assert data.classes == ("Käfer", "Wanze") and data.x.shape == (10, 2)
    assert sheet(content).columns == ("größe", "höhe", "art")
    assert same(eval(data.source, vars(sets)), data)
    assert same(table(io.BytesIO(content)), data)


def test_quoted_cells_blank_lines_and_empty_columns():
    text = 'a,"b ""x"", y",,kind\n\n1,"2",,"p\nq"\n 3 ,4,,r\n,,,\n5,6,,r\n7,8,,"p\nq"\n'
    data = table(text)
    assert sheet(text).columns == ("a", 'b "x", y', "kind") and data.classes == ("p\nq", "r")
    assert len(data.x) + len(data.x_test) == 4
    assert refused(text.replace("7", "seven")).startswith("Row 7, column “a”: “seven”")


def test_decimal_comma():
    comma = written([(f"{i},5", f"-0,{i}", str(i * i % 7)) for i in range(10)], ";")
    point = comma.replace(",", ".").replace(";", ",")
    assert sheet(comma).decimal == "," and sheet(point).decimal == "."
    assert same(table(comma), table(point))
    quoted = written([(f"{i},25", str(i), "ab"[i % 2]) for i in range(8)], ",")
    assert same(table(quoted), table(quoted.replace('"', "").replace(",25", ".25")))


def test_a_comma_that_could_be_either_is_refused_unless_settled():
    text = written([("mass", "kind"), *[(f"{i},{i}00", "ab"[i % 2]) for i in range(1, 9)]], ";")
    assert refused(text) == "Row 2, column “mass”: 1,100 could mean 1.100 or 1100; say which sign is the decimal sign."
    assert len(table(text, decimal=",").x) == 6
    settled = text.replace("8,800", "0,800")
    assert sheet(settled).decimal == "," and len(table(settled).x) == 6
    mixed = written([("mass", "kind"), *[(f"{i},5", "ab"[i % 2]) for i in range(8)], ("1.5", "a")], ";")
    assert refused(mixed) == "Row 2, column “mass”: “0,5” is no number with a decimal point."
    assert refused(mixed, decimal=",") == "Row 10, column “mass”: “1.5” is no number with a decimal comma."


def test_header_is_recognised_or_told():
    assert sheet("a,b\n1,2\n").columns == ("a", "b")
    assert sheet("1,2\n3,4\n").columns == ("column 1", "column 2")
    assert sheet("5.1,setosa\n4.9,other\n").columns == ("column 1", "column 2")
    assert sheet("2019,2020\n1,2\n", header=True).columns == ("2019", "2020")
    assert sheet("a,b\nc,d\n", header=False).columns == ("column 1", "column 2")
    assert sheet("sep=;\na;b\n1;2\n").columns == ("a", "b")
    assert sheet(",b\n1,2\n").columns == ("column 1", "b")


def test_task_is_chosen_by_the_target_or_told():
    def of(values, **options):
        return table(written([(str(i * 7 % 5), str(value)) for i, value in enumerate(values)]), **options)

    assert of([0, 1] * 10).classes == ("0", "1")
    assert of([0, 1, 2.5, 4] * 5).classes == ()
    assert of(range(12)).classes == (), "every value once is no class"
    assert of([5, 10, 20] * 5).classes == ("5", "10", "20"), "in numerical order"
    assert of(["x", "y"] * 5).classes == ("x", "y")
    assert of([0, 1] * 10, task="regression").outputs == 1
    assert of([0.5, 1.5] * 5, task="classification").classes == ("0.5", "1.5")
    assert of(["3", "3+", "2"] * 4).classes == ("2", "3", "3+")
    with pytest.raises(OwnDataError, match="The task is"):
        table(PLAIN, task="clustering")


def test_columns_are_chosen_by_name():
    text = written([(f"{i}", f"{i % 3}", f"word{i}", f"{i % 2}") for i in range(12)], ",")
    text = "id,colour,note,sick\n" + text
    assert table(text).x.shape[1] == 1, "the first column only numbers the rows"
    data = table(text, features=["colour"], target="sick")
    assert data.x.shape[1] == 1 and same(eval(data.source, vars(sets)), data)
    assert table(text, target="colour").classes == ("0", "1", "2")
    assert "Row 2, column “note”: “word0” is not a number" in refused(text, features=["note", "id"])
    assert "There is no column “age”; there are “id”" in refused(text, target="age")
    assert "There is no column" in refused(text, features=["id", 3])
    assert "at once" in refused(text, features=["sick"], target="sick")
    for features in ([], ["id", "id"]):
        assert "At least one column" in refused(text, features=features)
    assert sheet(text).numeric_columns() == ["id", "colour", "sick"]


def test_incomplete_rows_can_be_dropped():
    rows = [["1", "NA", "a"], ["", "5", "b"], *[[str(i), str(i * i), "ab"[i % 2]] for i in range(8)], ["1", "1", ""]]
    assert refused(written(rows), header=False) == "Row 2, column “column 1”: the cell is empty."
    data = table(written(rows), drop_incomplete=True, header=False)
    assert len(data.x) + len(data.x_test) == 8 and same(eval(data.source, vars(sets)), data)
    assert refused("a,b,c\n1,NA,x\n2,NA,y\n3,NA,x\n4,NA,x\n5,1,x\n", drop_incomplete=True).startswith(
        "At least 4 usable"
    )


def test_large_and_small_numbers_stay_exact():
    seconds = [1_700_000_000 + i for i in range(20)]
    data = table(written([(str(value), str(value * 1e-30), str(i % 2)) for i, value in enumerate(seconds)]))
    everything = torch.cat([data.x, data.x_test])
    assert len(everything[:, 0].unique()) == 20 and everything.isfinite().all()
    constant = table(written([("7", str(i), str(i % 2)) for i in range(12)]))
    assert (constant.x[:, 0] == 0).all()


def test_a_table_can_be_learned(seed):
    draw = random.Random(seed)
    rows = [(x := draw.uniform(0, 1000), y := draw.uniform(0, 0.01), "in" if x / 1000 + y * 100 < 1 else "out")
            for _ in range(300)]  # fmt: skip
    run = train(MLP(2, 8, 2, seed=seed), table(written(rows), seed=seed), Recipe(epochs=40, seed=seed))
    assert run.last.test_score > 0.9
