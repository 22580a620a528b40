"""What the page “TorchScript and TensorRT” states: wrong traces, right scripts and exports, counts."""

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
import torch

from core.deployment.clock import Latency
from core.deployment.subjects import Playground, mixed_digits, of_picture
from core.jobs import extras
from core.jobs.apart import apart
from core.lessons.record import finished
from core.topics.torchscript_tensorrt import (
    branches,
    breaks,
    breaks_view,
    compile_view,
    elsewhere_view,
    export_view,
    trace_view,
)
from core.topics.torchscript_tensorrt.branches import BRANCHES, CLOSE, taken
from core.topics.torchscript_tensorrt.compile_view import Clocked
from core.topics.torchscript_tensorrt.exporting import ANY, FIXED
from core.topics.torchscript_tensorrt.record import RECORD
from core.topics.torchscript_tensorrt.subjects import argument
from core.topics.torchscript_tensorrt.ways import COMPILED, EAGER, ORT

pytestmark = pytest.mark.usefixtures("compilation")


def test_the_trace_is_really_wrong_and_the_script_is_not(seeds):
    for seed in seeds:
        for name in BRANCHES:
            found = taken(name, 1.5, seed)
            assert found.wrong.any() and np.abs(found.traced - found.truth).max() > 1e-3
            assert np.abs(found.scripted - found.truth).max() < CLOSE
            assert any(kind == "TracerWarning" for kind, _ in found.warned)
            assert sum("deprecated" in words for _, words in found.warned) >= 2
            assert abs(found.traced - found.truth)[branches.place_of(1.5)] < CLOSE  # right where it was traced
            assert "if" not in found.graphs[0] and ("if " in found.graphs[1] or "while" in found.graphs[1])
            assert trace_view.asked(found, 1.0).truth == trace_view.OPTIONS[1]


def test_the_example_decides_which_side_is_right(seeds):
    for seed in seeds:
        ahead, behind = taken("the sign of a sum", 1.5, seed), taken("the sign of a sum", -1.5, seed)
        places = branches.scales()
        assert not ahead.wrong[places > 0].any() and not behind.wrong[places <= 0].any()
        assert not trace_view.mirrored(ahead, 1.0).passed
        assert any(trace_view.mirrored(behind, place).passed for place in places)


@pytest.mark.parametrize("name", BRANCHES)
def test_torch_export_refuses_the_branch_and_exports_it_in_torchs_own_words(name: str, seed: int):
    made = finished(trace_view.exporting(name, 1.5, seed))
    assert made.said["broken"]["kind"] == "GuardOnDataDependentSymNode" and "u0" in made.said["broken"]["error"]
    assert np.abs(made.answers - made.found.truth).max() < CLOSE
    assert ("cond" if "loop" not in name else "while_loop") in made.said["mended"]["code"]
    shown = trace_view.exported(made)
    assert "refuses" in shown.note and "/site-packages/" not in shown.note


@torch.no_grad()
def test_torchs_own_words_are_eagers_on_both_sides(seed: int):
    x = branches.line(seed)[::4]
    for name in ("the sign of a sum", "an early exit"):
        module, mended = branches.network(name, seed)
        assert np.abs(branches.answers(module, x) - branches.answers(mended, x)).max() < CLOSE


def exported(batch: str, rows: int, pairs: bool = False, subject=None):
    return finished(export_view.exporting(export_view.measure(subject or Playground(), batch, rows, pairs, 0)))


def test_an_export_answers_like_torch_or_not_at_all():
    for batch, rows, answers in ((ANY, 2, {1, 2, 4, 7, 16, 32}), (FIXED, 2, {2})):
        made = exported(batch, rows)
        assert set(made.answered) == answers and max(made.answered.values()) < 1e-5
        assert {each["operator"] for each in made.said["nodes"]} >= {"linear.default", "tanh.default"}
        assert export_view.drawn(made).tables[0] and zipfile.is_zipfile(BytesIO(made.file))


def test_an_example_of_one_row_is_taken_for_a_constant():
    words = export_view.drawn(exported(ANY, 1)).note
    assert "broadcasting" in words and "constant (1)" in words


@pytest.mark.long
def test_a_batch_of_two_to_sixteen_pairs_and_the_digits_network():
    assert set(exported("2 to 16", 4).answered) >= {2, 4, 7, 16} and 32 not in exported("2 to 16", 4).answered
    refused = exported(ANY, 4, pairs=True)
    assert "even" in export_view.drawn(refused).note and not export_view.every(refused).passed
    assert export_view.every(exported(FIXED, 4, pairs=True)).passed
    digits = exported(ANY, 2, subject=of_picture(mixed_digits()[0, 0]))
    assert max(digits.answered.values()) < 1e-4


def test_graph_breaks_are_counted_again_as_recorded():
    names = list(breaks.PRESETS)
    found = finished(apart("core.topics.torchscript_tensorrt.breaks", argument(names=names), "counting"))
    for name in names:
        assert found[name]["apart"] == 0
        for part in ("graphs", "breaks", "operators", "made"):
            assert found[name][part] == RECORD.contents["breaks"][name][part], name
    assert [found[name]["breaks"] for name in names] == [0, 1, 1, 1, 0, 0]
    assert found["another batch size"]["made"] == [1, 2, 2, 2] and found["a batch of one"]["made"] == [1, 2, 2, 3]


def test_graphs_breaks_and_calls_are_counted_in_words():
    for name, said in RECORD.contents["breaks"].items():
        note = breaks_view.shown(breaks_view.measure(name, 0)).note
        made = said["made"][-1]
        assert f"calls **{'1 graph** was' if made == 1 else f'{made} graphs** were'} compiled" in note
        assert ("**1 break**" in note) == (said["breaks"] == 1) and "**1 breaks**" not in note
    assert "an example of 1 row and" in export_view.shown(export_view.measure(Playground(), ANY, 1, False, 0)).note


def clocked(build: float, eager: float, other: float, seed: int = 0) -> Clocked:
    draw = np.random.default_rng(seed)
    times = {EAGER: eager * draw.uniform(0.9, 1.1, 99), COMPILED: other * draw.uniform(0.9, 1.1, 99)}
    latency = {name: Latency(each) for name, each in times.items()}
    return Clocked("a network", {EAGER: 0.0, COMPILED: build}, {EAGER: 0, COMPILED: 0}, latency, "card", "made up")


def test_the_crossing_is_where_both_have_cost_the_same(seeds):
    for seed in seeds:
        found = clocked(10.0, 0.2, 0.1, seed)
        calls = found.crossing(COMPILED)
        total = {way: found.build[way] + calls * found.latency[way].median / 1000 for way in found.latency}
        assert total[EAGER] == pytest.approx(total[COMPILED])
        assert found.crossing(COMPILED, 1) <= calls <= found.crossing(COMPILED, 0)
        assert clocked(1.0, 0.1, 0.2, seed).crossing(COMPILED) == float("inf")
        few, many = (compile_view.when(found, COMPILED, count).truth for count in (10, 10**7))
        assert (few, many) == ("eager", COMPILED)


def test_the_recorded_ways_agree_with_eager():
    for network in RECORD.contents["ways"]:
        found = compile_view.measure(network, 0)
        assert found.card and EAGER in found.build and ORT in found.build
        assert all(each / 1e6 < 1e-4 for each in found.apart.values())
        assert compile_view.asked(found).truth == compile_view.BUILDS[2]


def test_the_folder_says_what_it_needs_and_what_is_not_run_here(monkeypatch: pytest.MonkeyPatch):
    found = elsewhere_view.measure(Playground(), elsewhere_view.TENSORRT, 0)
    with zipfile.ZipFile(BytesIO(found.content)) as archive:
        names = {name.removeprefix("network/") for name in archive.namelist()}
        assert {"export.py", "to_executorch.py", "to_tensorrt.py", "requirements.txt", "weights.safetensors"} <= names
        assert json.loads(archive.read("network/example.json")) == found.subject.example.tolist()
        for name in names:
            if name.endswith(".py"):
                compile(archive.read(f"network/{name}"), name, "exec")
    if not torch.cuda.is_available():
        assert "Not run here" in elsewhere_view.shown(found).note
        with pytest.raises(ValueError, match="NVIDIA"):
            finished(elsewhere_view.building(found))
    monkeypatch.setattr(elsewhere_view, "missing", lambda *names: "executorch is not installed here: `make extras`")
    phone = elsewhere_view.measure(Playground(), elsewhere_view.EXECUTORCH, 0)
    with pytest.raises(ValueError, match="make extras"):
        finished(elsewhere_view.building(phone))
    assert f"{RECORD.contents['executorch']['bytes']:,} bytes" in elsewhere_view.shown(phone).note
    assert not elsewhere_view.little(found).passed
    assert elsewhere_view.little(elsewhere_view.measure(Playground("circle", 1, 8), elsewhere_view.TENSORRT, 0)).passed


@pytest.mark.long
@pytest.mark.skipif(extras.interpreter("executorch") is None, reason="make extras brings ExecuTorch")
def test_executorch_answers_like_torch():
    made = finished(elsewhere_view.building(elsewhere_view.measure(Playground(), elsewhere_view.EXECUTORCH, 0)))
    assert made.said["apart"] < 1e-5 and made.said["bytes"] > 100 and elsewhere_view.ran(made).note


def test_one_call_one_operator_and_one_row_are_no_plurals():
    assert compile_view.after(0.2) == compile_view.after(1.4) == "1 call" and compile_view.after(1.6) == "2 calls"
    assert compile_view.after(float("inf")) == "never here" and compile_view.after(12_345.6) == "12,346 calls"
    found = clocked(10.0, 0.2, 0.1)
    assert compile_view.weighed(found, COMPILED, 1).note.startswith("1 call: eager")
    assert "1 call;" in compile_view.cheapest(found, COMPILED, 1).now
    for count in (10, 10**7):
        total = {way: found.build[way] + count * found.latency[way].median / 1000 for way in found.latency}
        cheaper = min(total, key=lambda way: total[way])
        assert f"s**; {cheaper} is cheaper" in compile_view.weighed(found, COMPILED, count).note
    for other, said in ((0.1, f"**{COMPILED}** answers fastest"), (0.3, f"**{EAGER}** answers fastest")):
        note = compile_view.shown(clocked(10.0, 0.2, other)).note
        assert said in note and ("against eager's" in note) == (other < 0.2)
    node = {"name": "linear", "operator": "linear.default", "shape": "(2, 2)"}
    said = {"nodes": [node], "calls": {"1": {"error": "Guard failed"}, "2": {"apart": 0.0}}, "ranges": {}}
    shown = export_view.drawn(export_view.Made(export_view.measure(Playground(), FIXED, 2, False, 0), said))
    assert "**1 operator**" in shown.note and "answers 1 of 2 batch sizes" in shown.note
    assert "1 row " in shown.pictures[0][0].alt and "Guard failed" in shown.note
