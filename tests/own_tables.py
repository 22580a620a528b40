"""Tables as text, and the sentence with which one is refused."""

import csv
import io

import pytest

from core.data import OwnDataError, table

ROWS_TEXT = [("length", "width", "kind"), *[(f"{i * 1.5}", f"{9 - i}", "ab"[i % 2]) for i in range(10)]]


def written(rows, separator=",", **options) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, **options).writerows(rows)
    return buffer.getvalue()


PLAIN = written(ROWS_TEXT)


def refused(*arguments, **options) -> str:
    """The sentence with which a table is refused."""
    with pytest.raises(OwnDataError) as caught:
        table(*arguments, **options)
    message = str(caught.value)
    assert message.endswith(".") and len(message) < 250 and "\n" not in message and message.isprintable()
    return message
