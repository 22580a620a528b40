"""What the page “Forward and backward” states."""

import numpy as np
import pytest
import torch

from core.figures.network import nearest_unit, unit_places
from core.formulas.graphs import shown
from core.topics.forward_backward.numbers import BATCH, DATA, KINDS, clicked, passed, reason, trained, unit_names
from core.topics.forward_backward.pictures import moments_of, network_pass, passing_units, sample_shares, values_of

EPOCH = 2


@pytest.fixture(scope="module")
def runs() -> dict:
    """A run per (data, activation, seed), trained once."""
    return {}


def some_passes(runs: dict, seeds: list[int], alone: bool | None = None):
    for number, seed in enumerate(seeds[:3]):
        data, kind, depth = DATA[number % 3], KINDS[number % 4], 1 + number % 3
        run = runs.setdefault((data, kind, depth, seed), trained(data, depth, 4, kind, seed))
        for each in (True, False) if alone is None else (alone,):
            for name in unit_names(depth, 4)[:: max(1, depth)]:
                yield run, passed(run, EPOCH, seed % BATCH, each, name)


def hooked(run, one):
    """The same samples through torch's own modules, with hooks on every layer: the oracle."""
    model, sums, answers = run.at(EPOCH), {}, {}
    blocks = [*((block[0], block) for block in model.hidden), (model.output, model.output)]
    for place, (linear, block) in enumerate(blocks):
        linear.register_forward_hook(lambda _, __, out, place=place: sums.__setitem__(place, out))
        block.register_forward_hook(lambda _, __, out, place=place: answers.__setitem__(place, out))
    x, y = run.data.x[one.batch.places], run.data.y[one.batch.places]
    loss = torch.nn.functional.cross_entropy(model(x), y)
    for tensor in (*sums.values(), *answers.values()):
        tensor.retain_grad()
    loss.backward()
    return model, sums, answers, loss


def test_shown_sums_are_what_hooks_see_and_shown_gradients_are_torch_s(runs, seeds):
    for run, one in some_passes(runs, seeds):
        model, sums, answers, loss = hooked(run, one)
        unit, layer, place = one.unit, one.layer, one.place
        assert one.batch.loss == pytest.approx(loss.item(), rel=1e-5)
        assert unit.summed == pytest.approx(sums[layer][one.row, place].item(), rel=1e-4, abs=1e-6)
        assert unit.answer == pytest.approx(answers[layer][one.row, place].item(), rel=1e-4, abs=1e-6)
        assert unit.by_summed == pytest.approx(sums[layer].grad[one.row, place].item(), rel=1e-4, abs=1e-7)
        assert unit.by_answer == pytest.approx(answers[layer].grad[one.row, place].item(), rel=1e-4, abs=1e-7)
        linear = model.output if layer == len(model.hidden) else model.hidden[layer][0]
        wanted = [*linear.weight.grad[place].tolist(), linear.bias.grad[place].item()]
        assert unit.gradient.tolist() == pytest.approx(wanted, rel=1e-4, abs=1e-7)
        shown_rows = [float(row["Gradient"]) for row in one.rows]
        assert shown_rows == pytest.approx(wanted, rel=1e-3, abs=1e-6)


def test_the_formulas_hold(runs, seeds):
    for _, one in some_passes(runs, seeds):
        unit = one.unit
        assert unit.summed == pytest.approx(float(unit.given @ unit.weights) + unit.bias, rel=1e-4, abs=1e-5)
        if len(unit.above):
            assert unit.by_answer == pytest.approx(float(unit.above @ unit.deltas), rel=1e-4, abs=1e-6)
        if one.is_alone:
            assert unit.gradient[:-1].tolist() == pytest.approx((unit.by_summed * unit.given).tolist(), abs=1e-6)


def test_in_a_batch_the_samples_shares_add_up_and_some_pull_against_each_other(runs, seeds):
    against = []
    for _, one in some_passes(runs, seeds, alone=False):
        total = one.unit.gradient[one.busiest].item()
        assert one.shares.sum().item() == pytest.approx(total, rel=1e-4, abs=1e-6)
        against.append(bool((one.shares > 0).any() and (one.shares < 0).any()))
    assert np.mean(against) > 0.5


def test_a_silent_relu_passes_nothing_and_an_answering_one_everything(runs, seeds):
    for seed in seeds[:3]:
        run = runs.setdefault(("moons", "ReLU", 2, seed), trained("moons", 2, 4, "ReLU", seed))
        passage = passed(run, EPOCH, seed % BATCH, True, "hidden 1 · unit 1")
        for layer in passage.batch.layers[:-1]:
            silent = layer.answer[passage.row] == 0
            assert (layer.by_summed[passage.row][silent] == 0).all()
            assert torch.equal(layer.by_summed[passage.row][~silent], layer.by_answer[passage.row][~silent])
        assert "slope is 0" in reason(run)


def test_the_other_bends_are_almost_nowhere_flat(runs, seeds):
    found = []
    for kind in ("tanh", "sigmoid", "GELU"):
        run = runs.setdefault(("moons", kind, 2, seeds[0]), trained("moons", 2, 4, kind, seeds[0]))
        found += [value for sample in range(4) for value in passed(run, 2, sample, True, "output · unit 1").passing]
        assert "almost nowhere" in reason(run)
    assert np.mean(found) > 0.9


def test_the_challenges_can_be_met_and_the_first_view_meets_none(runs, seeds):
    silent = 0
    for seed in seeds[:3]:
        run = runs.setdefault(("moons", "ReLU", 2, seed), trained("moons", 2, 4, "ReLU", seed))
        first = passed(run, EPOCH, 0, False, "hidden 1 · unit 1")
        assert not first.is_silent_here_only and not first.is_worst
        singles = [passed(run, EPOCH, sample, True, name) for sample in range(3) for name in unit_names(2, 4)[:8:2]]
        silent += any(single.is_silent_here_only for single in singles)
        worst = int(np.argmax(first.losses))
        passage = passed(run, EPOCH, worst, True, "hidden 1 · unit 1")
        assert passage.is_worst and passage.batch.loss == pytest.approx(max(first.losses), rel=1e-5)
    assert silent >= 2


def test_the_drawing_says_what_is_computed(runs, seeds):
    for run, one in some_passes(runs, seeds[:1]):
        picture = network_pass(one)
        picture.plotly()
        answers, gradients = values_of(one)
        assert len(picture.frames) == len(picture.captions) == 2 * len(answers) - 1
        moments = moments_of(one, answers, gradients)
        captions = " ".join(told for *_, told in moments)
        assert shown(one.unit.summed) in captions and shown(one.unit.by_summed) in captions
        for chart in (sample_shares(one), passing_units(one)):
            chart.plotly()
        assert len(one.passing) == sum(run.model.widths[1:-1])


def test_a_click_finds_hidden_units_and_outputs(seed):
    widths = (2, 4, 4, 2)
    for column, spots in enumerate(unit_places(widths)):
        for place, (x, y) in enumerate(spots):
            found = nearest_unit(widths, float(x), float(y), outputs=True)
            assert found == (None if column == 0 else (column - 1, place))
            name = clicked("hidden 1 · unit 1", found, 2)
            assert name in unit_names(2, 4)
            assert (name.startswith("output")) == (column == 3)
