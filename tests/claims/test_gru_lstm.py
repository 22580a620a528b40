"""What the page “GRU and LSTM” states, on fresh seeds."""

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from core.data.refusals import OwnDataError
from core.data.sequences import bracket_inputs, brackets, depths
from core.data.weights import MOST_BYTES
from core.lessons.controls import defaults
from core.models.recurrent import Recurrent
from core.topics.gru_lstm.numbers import GATED, Pair, brought, checked, counter, race
from core.topics.gru_lstm.own import file_of, network_of
from core.topics.gru_lstm.views import (
    GATE,
    HELD,
    TEXT,
    VIEWS,
    long_count,
    own_counter,
    own_goal,
    own_view,
    without_a_gate,
)

every_gated_cell = pytest.mark.parametrize("cell", GATED)


@pytest.fixture(scope="module")
def counters():
    """One counter of each cell, for what is not a claim about seeds."""
    return {cell: counter(cell, 8, 1) for cell in GATED}


@every_gated_cell
def test_networks_learn_to_count(cell, seeds):
    scores = [counter(cell, 8, seed).score() for seed in seeds[:6]]
    assert np.median(scores) > 0.98 and min(scores) > 0.9, scores


def test_an_update_gate_held_open_keeps_the_state_constant(seeds):
    """h = (1 − z) n + z h: with z = 1 nothing changes, whatever is read, from where it is held."""
    for seed in seeds[:4]:
        reading = counter("GRU", 8, seed).read("a(b(c)d)(e(f(g)h))i", {"update": 1.0}, since=6)
        assert np.abs(reading.states[6:] - reading.states[5]).max() < 1e-6
        assert np.abs(reading.states[5] - reading.states[0]).max() > 0.1, "it moved before"


def test_an_lstm_keeps_its_memory_with_forget_open_and_input_shut(seeds):
    for seed in seeds[:4]:
        found = counter("LSTM", 8, seed)
        kept = found.read("a(b(c)d)(e(f(g)h))i", {"forget": 1.0, "input": 0.0}, since=6)
        assert np.abs(kept.states[6:] - kept.states[5]).max() < 1e-6
        alone = found.read("a(b(c)d)(e(f(g)h))i", {"forget": 1.0}, since=6)
        assert np.abs(np.diff(alone.states[5:], axis=0)).max() > 0.1, "open alone, it still writes"


@every_gated_cell
def test_a_gate_that_keeps_everything_or_nothing_counts_worse(cell, seeds):
    costs = []
    for seed in seeds[:4]:
        found = counter(cell, 8, seed)
        costs.append([found.score() - found.score({found.keeping: held}) for held in (1.0, 0.0)])
    assert np.min(costs) > 0 and np.min(costs, axis=0)[0] > 0.3 and np.mean(costs, axis=0)[1] > 0.05


@every_gated_cell
def test_a_held_gate_has_the_value_it_is_held_at_and_the_others_are_free(cell, counters, seed):
    found, text = counters[cell], "x(y(z))"
    for name in found.gates:
        held = found.read(text, {name: 0.3}, since=2)
        free = found.read(text)
        assert np.allclose(held.gates[name][2:], 0.3) and np.allclose(held.gates[name][:2], free.gates[name][:2])


@every_gated_cell
def test_one_unit_follows_the_depth_and_costs_dearly_when_silenced(cell, seeds):
    """The counter unit: found by correlation, missed by ablation; the count is shared, so that some of it stays."""
    for seed in seeds[:5]:
        found = counter(cell, 8, seed)
        assert abs(found.correlations[found.counting]) > 0.85
        assert 0.2 < found.silenced[found.counting] < found.score() - 0.1
        assert (found.silenced <= found.score() + 0.02).all(), "no unit is in the way"


def test_correlation_and_ablation_are_what_they_say(counters):
    found = counters["GRU"]
    with torch.no_grad():
        hidden = found.model.trace(found.data.x_test).hidden.flatten(0, 1)
        place = found.counting
        together = torch.stack([hidden[:, place], found.data.y_test.flatten().float()])
        assert torch.corrcoef(together)[0, 1].item() == pytest.approx(found.correlations[place], abs=1e-4)
        states = found.model.trace(found.data.x_test, silent=place).hidden
    assert (states[..., place] == 0).all() and (states[..., (place + 1) % 8] != 0).any()
    assert found.score() == pytest.approx(found.run.last.test_score, abs=1e-6)


def test_the_gates_are_the_formulas(seed):
    """c = f c + i g, h = o tanh c; h = (1 − z) n + z h: recomputed from the gates that are shown."""
    x = bracket_inputs("((a)b)c(d)")
    with torch.no_grad():
        lstm = Recurrent(3, 5, 6, cell="LSTM", every=True, seed=seed)
        trace = lstm.trace(x)
        before = torch.cat([torch.zeros(1, 1, 5), trace.hidden[:, :-1]], dim=1)
        candidate = (lstm.input(x) + lstm.recurrent(before)).chunk(4, dim=-1)[2].tanh()
        old = torch.cat([torch.zeros(1, 1, 5), trace.memory[:, :-1]], dim=1)
        assert torch.allclose(trace.memory, trace.gates["forget"] * old + trace.gates["input"] * candidate, atol=1e-6)
        assert torch.allclose(trace.hidden, trace.gates["output"] * trace.memory.tanh(), atol=1e-6)
        gru = Recurrent(3, 5, 6, cell="GRU", every=True, seed=seed)
        trace = gru.trace(x)
        before = torch.cat([torch.zeros(1, 1, 5), trace.hidden[:, :-1]], dim=1)
        ours, theirs = gru.input(x).chunk(3, dim=-1)[2], gru.recurrent(before).chunk(3, dim=-1)[2]
        candidate, update = (ours + trace.gates["reset"] * theirs).tanh(), trace.gates["update"]
        assert torch.allclose(trace.hidden, (1 - update) * candidate + update * before, atol=1e-6)


def test_a_gru_counts_on_over_longer_texts_where_a_plain_cell_slips(seeds):
    found = race(8, tuple(seeds[:6]))
    means = {name: row.mean() for name, row in found.longer.items()}
    assert means["GRU"] > 0.95 and means["GRU"] > means["RNN"]
    assert all(found.usual[name].mean() > 0.9 for name in found.usual)
    assert "seed noise" in found.sentence()


def test_depths_are_what_stands_open(seed):
    data = brackets(50, 30, seed, 10)
    moves = data.x[..., 0] - data.x[..., 1]
    assert torch.equal(moves.cumsum(dim=1).long(), data.y) and data.y.min() >= 0 and data.y.max() <= 5
    assert (data.x.sum(dim=2) == 1).all()
    assert depths("(a(b)))") == [1, 1, 2, 2, 1, 0, -1]
    text = "".join("()x"[kind] for kind in data.x[0].argmax(dim=1).tolist())
    assert depths(text) == data.y[0].tolist() and torch.equal(bracket_inputs(text)[0], data.x[0])


@pytest.mark.parametrize("text", ["", ")", "((((((", "a)("])
def test_what_cannot_be_counted_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*\.$"):
        checked(text)


# Your weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["RNN", "GRU", "LSTM"])
def test_a_state_dict_of_torchs_own_layers_is_read(cell, seed):
    """Whatever the two layers are called, and whatever their order."""

    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(9, 6)
            self.memory = getattr(nn, cell)(3, 9, batch_first=True)

    torch.manual_seed(seed)
    own, x = Own(), brackets(5, 12, seed, 1).x
    found = own_counter(save(own.state_dict()))
    with torch.no_grad():
        assert torch.allclose(found.model(x).transpose(1, 2), own.head(own.memory(x)[0]), atol=1e-5)
    assert own_view(found, "(a)").note.startswith("Your network.") and not own_goal(found).passed


def test_the_example_comes_back_as_it_went(counters):
    for found in counters.values():
        again = brought(network_of(file_of(found.model)), seed=1)
        assert again.score() == pytest.approx(found.score(), abs=1e-6) and again.run is None
        assert own_goal(again).passed == (again.score() >= 0.99) and not own_goal(found).passed


def shrunk(**changes) -> bytes:
    """The example's file with some tensors replaced, or left out (None)."""
    model = nn.LSTM(3, 8)
    tensors = {f"rnn.{name}": part.detach().clone() for name, part in model.state_dict().items()}
    tensors |= {"output.weight": torch.zeros(6, 8), "output.bias": torch.zeros(6)}
    for name, part in changes.items():
        name = name.replace("__", ".")
        tensors = {**tensors, name: part} if part is not None else {k: v for k, v in tensors.items() if k != name}
    return save(tensors)


BAD = {
    "nothing": b"", "text": b"hello", "half a file": shrunk()[:200], "a pickle": b"PK\x03\x04 whatever",
    "an old pickle": b"\x80\x02}q\x00.", "too large": b"\0" * (MOST_BYTES + 1), "no tensors": save({}),
    "no output": shrunk(output__weight=None), "two layers": shrunk(rnn__weight_ih_l1=torch.zeros(32, 8)),
    "other inputs": shrunk(rnn__weight_ih_l0=torch.zeros(32, 5)), "other classes": shrunk(output__bias=torch.zeros(4)),
    "other units": shrunk(rnn__weight_hh_l0=torch.zeros(32, 9)), "numbers": shrunk(output__bias=torch.zeros(6).long()),
    "not a number": shrunk(output__bias=torch.full((6,), float("nan"))),
    "flat": shrunk(rnn__weight_hh_l0=torch.zeros(9)),
    "empty": shrunk(rnn__weight_hh_l0=torch.zeros(0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_any_other_file_is_refused_in_one_sentence(content):
    with pytest.raises(OwnDataError) as refusal:
        own_counter(content)
    assert str(refusal.value).endswith(".") and len(str(refusal.value)) < 330


# The page ------------------------------------------------------------------------------------------------------------


def test_the_first_views_pass_no_challenge(counters):
    both = Pair(counters)
    assert not long_count(both, TEXT.value, GATE.value).passed
    found, _ = both.of(GATE.value)
    texts = {len(text) - found.read(text).right: text for text in ("(", "a", "((", "(a)b", "(((((")}
    for mistakes, text in texts.items():
        told = f"{len(text)} character{'s' * (len(text) != 1)}, {mistakes} mistake{'s' * (mistakes != 1)}."
        assert long_count(both, text, GATE.value).now == f"Now: {told}"
    assert not without_a_gate(both, TEXT.value, GATE.value, HELD.value, 9).passed


def test_a_gate_can_be_found_that_is_not_needed(seeds):
    """The challenge of the held gate can be passed on most seeds."""
    pairs = [Pair({cell: counter(cell, 8, seed) for cell in GATED}) for seed in seeds[:6]]
    values = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    passed = [any(without_a_gate(both, "(a)", gate, value, 1).passed for gate in GATE.options for value in values)
              for both in pairs]  # fmt: skip
    assert sum(passed) >= 3, passed


def test_a_long_text_without_mistakes_can_be_written(seeds):
    text = "a(b(c(d)e)f)g" * 5
    pairs = [Pair({cell: counter(cell, 8, seed) for cell in GATED}) for seed in seeds[:3]]
    assert any(long_count(both, text, gate).passed for both in pairs for gate in GATE.options)


def test_all_views_can_be_drawn():
    for name, view in VIEWS.items():
        measured = view.measure(**defaults(view.controls), seed=1)
        looked = defaults(view.looks(measured))
        drawn = [view.draw(measured, **looked), *([view.before(measured, **looked)] if view.before else [])]
        for picture in (each for shown in drawn for row in shown.pictures for each in row):
            picture.plotly()
            assert len(picture.alt) > 40 and "nan" not in picture.alt, name
