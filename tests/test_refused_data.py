"""Tables that are no tables, or broken: each is refused with a sentence that names the place."""

import gzip
import io
import pickle
import random
import time
import zipfile

import numpy as np
import pytest
from comparing import same
from own_tables import PLAIN, ROWS_TEXT, refused, written

import core.data as sets
from core.data import OwnDataError, sheet, table
from core.data.sheets import BYTES, ROWS


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
        ("1,23.4", "not a number"),
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
