"""Everything recorded and shipped belongs to the code and the weights beside it, and is measured again in part."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_arrows import CORE, ROOT

from core.data.images import MissingDataError
from core.lessons import record
from core.lessons.record import Record, StaleError, rounded


def shipped() -> list[Record]:
    """Every record that a topic or a project defines."""
    found = {}
    for path in CORE:
        if "lessons.record import" in (text := path.read_text(encoding="utf-8")) and "Record(" in text:
            module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            found |= {each.name: each for each in vars(module).values() if isinstance(each, Record)}
    return list(found.values())


RECORDS = shipped()


def test_every_recorded_file_belongs_to_a_record():
    assert {each.path for each in RECORDS} == set(record.FOLDER.glob("*.json"))


@pytest.mark.parametrize("each", RECORDS, ids=lambda each: each.name)
def test_a_record_belongs_to_this_code_and_these_weights(each: Record):
    assert not each.stale
    assert each.source.provenance.startswith("Recorded run · spec ")


@pytest.mark.parametrize(
    "each",
    [pytest.param(each, marks=pytest.mark.long) if each.takes_minutes else each for each in RECORDS],
    ids=lambda each: each.name,
)
def test_its_cheapest_number_is_measured_again(each: Record):
    try:
        keys, value = each.cheapest()
    except MissingDataError:
        pytest.skip("its data are not on this machine")
    assert each.stored(keys) == pytest.approx(rounded(value), rel=each.tolerance, abs=0)


def test_other_settings_or_other_weights_make_a_record_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    weights = tmp_path / "network.safetensors"
    weights.write_bytes(b"first")
    fresh = Record("sample", {"seeds": (0, 1)}, lambda: (("values", "a", 1), 0.25), weights)
    fresh.write({"values": {"a": np.array([1.0, 0.250004])}, "count": 3})
    assert not fresh.stale and fresh.stored(("values", "a", 1)) == 0.25 and fresh.contents["count"] == 3
    assert json.loads(fresh.path.read_text())["specification"] == {"seeds": [0, 1]}
    assert replace(fresh, specification={"seeds": (0, 2)}).stale == "sample.json was made with another specification."
    weights.write_bytes(b"second")
    record.fingerprint_of.cache_clear()
    with pytest.raises(StaleError, match="another weights"):
        _ = fresh.contents
