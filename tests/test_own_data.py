"""The learner's own tables: what is recognised, and a sentence that names the place of every mistake."""

import csv
import gzip
import io
import pickle
import random
import time
import zipfile

import numpy as np
import pytest
import torch

import core.data as sets
from core.data import OwnDataError, sheet, table
from core.data.sheets import BYTES, ROWS
from core.models import MLP
from core.training import Recipe, train

ROWS_TEXT = [("length", "width", "kind"), *[(f"{i * 1.5}", f"{9 - i}", "ab"[i % 2]) for i in range(10)]]


def written(rows, separator=",", **options) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, **options).writerows(rows)
    return buffer.getvalue()


PLAIN = written(ROWS_TEXT)


def same(one, other) -> bool:
    return one.classes == other.classes and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in ("x", "y", "x_test", "y_test")
    )


def refused(*arguments, **options) -> str:
    """The sentence with which a table is refused."""
    with pytest.raises(OwnDataError) as caught:
        table(*arguments, **options)
    message = str(caught.value)
    assert message.endswith(".") and len(message) < 250 and "\n" not in message and message.isprintable()
    return message


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
    rows = [("größe", "höhe", "art"), *[(str(i), str(i * i), ["Käfer", "Wanze"][i % 2]) for i in range(12)]]
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
    assert refused(text) == "Row 2, column “mass”: 1,100 could mean 1.100 or 1100; write it without the comma."
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
    assert table(text).x.shape == (9, 2) or table(text).x.shape == (10, 2)
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


# Tables: what is refused


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "The table is empty."),
        ("\n\n \n", "The table is empty."),
        ("a,b\n", "The table has a header and no rows."),
        ("a,b\n1,2\n3,4\n", "At least 4 usable rows are needed; there are 2."),
        ("1\n2\n3\n4\n", "The table has one column"),
        ("a,b,c\n1,2,0\n3,0\n5,6,1\n", "Row 3 has 2 cells, but row 1 has 3."),
        ("a,a\n1,2\n", "Two columns are called “a”."),
        ('a,b\n1,"2\n3,4\n', "cannot be read: a quotation mark"),
        ('a,b\n"1"x,2\n', "Row 2 cannot be read"),
        ("a,b\n" + "1" * 200_000 + ",2\n", "Row 2 cannot be read: a cell is too long"),
        ("1," * 300 + "1\n", "The table has 301 columns; at most 200"),
        ("x,y\n" * 3 + "\x00,1\n", "holds characters that no text"),
        ("a,b\n1,\ud800\n", "holds characters that no text"),
    ],
    ids=lambda value: ascii(value[:15]),
)
def test_refused_text(text, why):
    assert why in refused(text)


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("x1", "“x1” is not a number"),
        ("", "the cell is empty"),
        ("nan", "nan is not a number"),
        ("NaN", "NaN is not"),
        ("inf", "“inf” is too large"),
        ("-Infinity", "too large"),
        ("1e999", "too large"),
        ("-1e31", "too large"),
        ("1_000", "not a number"),
        ("0x1f", "not a number"),
        ("١", "not a number"),
        ("1 2", "not a number"),
        ("=1+1", "not a number"),
        ("<script>alert(1)</script>", "not a number"),
        ("12.5.2020", "not a number"),
        ("1,234.5", "not a number"),
        ("5%", "not a number"),
        ("x" * 10_000, "…” is not a number"),
        ("\u202e1", "not a number"),
    ],
    ids=lambda value: ascii(value[:12]),
)
def test_a_wrong_cell_is_named(cell, why):
    rows = [list(row) for row in ROWS_TEXT]
    rows[6][1] = cell
    message = refused(written(rows))
    assert message.startswith("Row 7, column “width”: ") and why in message
    rows = [[row[2], row[0], row[1]] for row in rows]
    assert refused(written(rows)).startswith("Row 7, column “width”: "), "in the target as well"


def test_wrong_classes_are_named():
    assert "column “k” has 1." in refused("a,k\n" + "1,x\n2,x\n" * 3)
    assert "Class “y” has a single row" in refused("a,k\n1,x\n2,x\n3,x\n4,y\n")
    assert "column “k” has 11." in refused("a,k\n" + "".join(f"{i},w{i % 11}\n" for i in range(44)))
    assert "column “k” has 40" in refused("a,k\n" + "".join(f"{i},{i}\n" for i in range(40)), task="classification")
    assert "same value in every row" in refused("a,k\n" + "1,2.5\n2,2.5\n" * 3)
    assert "Row 3, column “k”: the cell is empty" in refused("a,k\n1,x\n2,\n3,x\n4,y\n5,y\n")
    assert "Row 6, column “k”: nan" in refused("a,k\n" + "1,0\n2,1\n" * 2 + "3,nan\n4,nan\n5,1\n")
    assert "Row 4, column “k”: “x”" in refused("a,k\n1,1\n2,2\n3,x\n4,y\n5,y\n", task="regression")


def binaries() -> dict[str, bytes]:
    archive, array = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
    np.save(array, np.arange(9))
    return {
        "ZIP": archive.getvalue(), "PNG": b"\x89PNG\r\n\x1a\n" + bytes(99), "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        "gzip": gzip.compress(PLAIN.encode()), "PDF": b"%PDF-1.7\n\x00\x01\x02", "NumPy": array.getvalue(),
        "pickle": pickle.dumps({"a": 1}, protocol=4), "SQLite": b"SQLite format 3\x00" + bytes(50),
        "Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50), "Parquet": b"PAR1\x15\x04\x00PAR1",
    }  # fmt: skip


@pytest.mark.parametrize("kind", binaries())
def test_a_binary_file_is_called_what_it_is(kind):
    message = refused(binaries()[kind])
    assert kind in message and message.endswith("not a table in text form: save the table as CSV.")


def test_ten_million_rows_are_refused_at_once():
    class Endless(io.RawIOBase):
        """An upload that never ends."""

        taken = 0

        def read(self, size=-1):
            assert size >= 0, "the whole file must not be read"
            self.taken += size
            return b"1,2\n" * (size // 4) + b"1,2\n"[: size % 4]

    upload, began = Endless(), time.process_time()
    assert "larger than 2 MB" in refused(upload) and upload.taken <= BYTES + 1
    for content in (b"1,2\n" * 10_000_000, "1,2\n" * 10_000_000):
        assert "larger than 2 MB" in refused(content)
    assert time.process_time() - began < 2
    assert f"more than {ROWS:,} rows" in refused("1,2\n" * (ROWS + 1), header=False)
    assert len(sheet("1,2\n" * ROWS).rows) == ROWS
    assert "rows" in refused("\n" * (BYTES - 10) + "1,2")


def test_what_is_no_table_at_all():
    for wrong in (None, 3, ["a,b"], {"a": 1}, object()):
        assert refused(wrong) == "A table is text, bytes or an open file."


def test_nothing_but_the_declared_error_escapes(seeds):
    accepted = 0
    for seed in seeds:
        draw = random.Random(seed)
        for _ in range(40):
            content = draw.randbytes(draw.randint(0, 400))
            if draw.random() < 0.5:  # bytes that look more like a table
                pieces = [
                    b"1",
                    b"2.5",
                    b"-3",
                    b",",
                    b",",
                    b"\n",
                    b"\n",
                    b";",
                    b"\t",
                    b'"',
                    b"a",
                    b"nan",
                    b"1e9",
                    b"\xff",
                ]
                content = b"".join(draw.choice(pieces) for _ in range(draw.randint(0, 120)))
            try:
                data = table(content)
            except OwnDataError as error:
                assert str(error).endswith(".") and str(error).isprintable()
                continue
            accepted += 1
            assert data.x.isfinite().all() and data.y.isfinite().all() and len(data.x_test) >= 1
    assert accepted < 800


def test_a_damaged_table_is_read_or_refused(seeds):
    original, read = written(ROWS_TEXT * 1 + ROWS_TEXT[1:] * 3).encode(), 0
    for seed in seeds:
        draw = random.Random(seed)
        for _ in range(40):
            content = bytearray(original)
            for _ in range(draw.randint(0, 3)):
                content[draw.randrange(len(content))] = draw.randrange(256)
            try:
                data = table(bytes(content))
            except OwnDataError:
                continue
            read += 1
            assert data.x.isfinite().all() and same(eval(data.source, vars(sets)), data)
    assert read > 100


@pytest.mark.parametrize("name", ["iris", "penguins", "titanic", "mpg"])
def test_known_tables_where_they_are_here(name):
    import os
    from pathlib import Path

    path = Path(os.environ.get("ROADMAP_LAB_DATA", "absent")) / "tables" / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"{path.name} is not on this machine")
    target = {"iris": "species", "penguins": "species", "titanic": "survived", "mpg": "mpg"}[name]
    with path.open("rb") as file:
        data = table(file, target=target, drop_incomplete=True)
    assert len(data.classes) == {"iris": 3, "penguins": 3, "titanic": 2, "mpg": 0}[name]
    assert len(data.x) + len(data.x_test) == {"iris": 150, "penguins": 342, "titanic": 714, "mpg": 392}[name]
