"""What the page “Backpropagation by hand” states."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from programs_run import distance, results_of

from core.figures.graphs import computation
from core.formulas.graphs import computed, shown
from core.topics.backpropagation.numbers import RATES, Exercise, by_hand, descent, program_of, rows
from core.topics.backpropagation.pictures import after_update
from core.topics.backpropagation.tiny_networks import BENDS, HEADS, NETWORKS, Settings, drawn, operations, places


def exercises(seeds, rate=0.1):
    for seed in seeds:
        for network in NETWORKS:
            for activation in BENDS:
                yield Exercise(drawn(network, activation, seed), rate)


def tensors(settings) -> dict[str, torch.Tensor]:
    names = ("x", "target", "w", "b", "v", "c")
    return {name: torch.tensor(getattr(settings, name), dtype=torch.float64) for name in names}


def torch_network(settings) -> torch.nn.Sequential:
    """The same network of torch's own layers: the oracle."""
    numbers = tensors(settings)
    bend = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "ReLU": torch.nn.ReLU}[settings.activation]()
    inputs, hidden, outputs = len(settings.x), len(settings.b), len(settings.c)
    layers = torch.nn.Linear(inputs, hidden).double(), torch.nn.Linear(hidden, outputs).double()
    for layer, names in zip(layers, ("wb", "vc"), strict=True):
        layer.weight.data, layer.bias.data = (numbers[name].clone() for name in names)
    return torch.nn.Sequential(layers[0], bend, layers[1])


def test_every_number_shown_is_torch_s(seeds):
    for exercise in exercises(seeds[:3]):
        model, numbers = torch_network(exercise.settings), tensors(exercise.settings)
        loss = 0.5 * ((model(numbers["x"]) - numbers["target"]) ** 2).sum()
        loss.backward()
        assert exercise.loss == pytest.approx(loss.item(), rel=1e-12)
        shown_gradients = [v.gradient for v in exercise.graph.vertices if v.kind == "parameter"]
        size = len(exercise.settings.x)
        expected = []
        for layer, width in ((model[0], size), (model[2], len(exercise.settings.b))):
            for row, bias in zip(layer.weight.grad.reshape(-1, width), layer.bias.grad, strict=True):
                expected += [*row.tolist(), bias.item()]
        assert shown_gradients == pytest.approx(expected, rel=1e-9, abs=1e-12)
        optimizer = torch.optim.SGD(model.parameters(), lr=exercise.rate)
        optimizer.step()
        after = 0.5 * ((model(numbers["x"]) - numbers["target"]) ** 2).sum()
        assert exercise.new_loss == pytest.approx(after.item(), rel=1e-9, abs=1e-12)


def test_the_captions_carry_these_numbers(seeds):
    for exercise in exercises(seeds[:2]):
        moments = exercise.moments()
        told = "\n".join(moment.caption for moment in moments)
        for vertex in exercise.graph.vertices:
            if vertex.kind == "operation":
                assert f" = {shown(vertex.value)}" in told
            if vertex.kind != "constant" and vertex.name != "L":
                line = next(row for row in told.split("∂L/∂" + vertex.name + " = ")[1:])
                assert f"= {shown(vertex.gradient)}" in line
        beats = list(dict.fromkeys(moment.label[0] for moment in moments))
        assert beats == ["1", "2", "3", "4"], "four beats in their order"
        assert shown(exercise.new_loss) in moments[-1].caption


def test_by_hand_equals_autograd(seeds):
    for exercise in exercises(seeds[:8]):
        numbers = tensors(exercise.settings)
        weights = {name: numbers[name].requires_grad_() for name in "wbvc"}
        loss, gradients = by_hand(**numbers, activation=exercise.settings.activation)
        loss.backward()
        for name, weight in weights.items():
            assert torch.allclose(gradients[name], weight.grad, atol=1e-12)


def test_the_loss_falls_for_a_small_step(seeds):
    for exercise in exercises(seeds[:4], rate=1e-4):
        squares = sum(v.gradient**2 for v in exercise.graph.vertices if v.kind == "parameter")
        if squares > 1e-10:
            assert exercise.new_loss < exercise.loss
            assert exercise.loss - exercise.new_loss == pytest.approx(1e-4 * squares, rel=0.01), "as the line promises"


def test_a_gradient_of_zero_has_the_reason_that_it_has():
    """One unit with ReLU: right to the last bit, so that nothing is left to learn; or silent."""
    right = Settings("ReLU", x=(-0.5,), target=(1.0,), w=((-0.6,),), b=(0.2,), v=((0.8,),), c=(0.6,))
    exercise = Exercise(right, 0.1)
    assert exercise.loss == 0 and exercise.sign == "zero" and exercise.sign_sentence.startswith("The loss is 0 already")
    silent = Exercise(replace(right, w=((0.6,),)), 0.1)
    assert silent.loss > 0 and silent.sign == "zero" and "is silent" in silent.sign_sentence


def test_the_sign_says_which_way_the_loss_goes(seeds):
    seen = set()
    for exercise in exercises(seeds[:6]):
        name = exercise.asked[-1]
        place, parts = exercise.graph.place(name), operations(exercise.settings)
        nudged = [[replace(part, value=part.value + step) if at == place else part for at, part in enumerate(parts)]
                  for step in (1e-5, -1e-5)]  # fmt: skip
        up, here, down = (computed(one)[-1].item() for one in (nudged[0], parts, nudged[1]))
        bends = (up == here) != (here == down)  # the unit stands where ReLU bends: the slope is the left one's, 0
        flat = abs(up - down) < 1e-14  # in float64, at the bottom of the valley too
        sign = "zero" if flat or bends else "positive" if up > down else "negative"
        assert exercise.sign == sign and name in exercise.sign_sentence
        seen.add(sign)
    assert seen == {"positive", "negative", "zero"}, "no guess is always right"


def test_no_unit_sits_on_a_kink_where_a_slope_would_be_a_matter_of_taste(seed):
    for draw in range(seed, seed + 600):
        chosen = drawn("2 → 2 → 2", "ReLU", draw)
        sums = np.array(chosen.w) @ np.array(chosen.x) + np.array(chosen.b)
        assert np.abs(sums).min() > 0.005 and np.abs(chosen.b).min() > 0.05


def test_what_waits_for_an_answer_is_hidden_and_appears_with_it(seed):
    exercise = Exercise(drawn("2 → 2 → 2", "sigmoid", seed), 0.1)
    for known in range(len(exercise.questions) + 1):
        answers = [True] * known + [None] * (len(exercise.questions) - known)
        hidden = exercise.hidden(answers)
        moments = exercise.moments(hidden)
        for place, name in enumerate(exercise.asked):
            assert (exercise.graph.place(name) in hidden) == (place >= known)
        assert not hidden & set().union(*(moment.gradients for moment in moments))
        assert (moments[-1].beat == "backward") == bool(hidden), "the pass waits where the answer is missing"


def test_the_answers_asked_for_follow_from_one_another(seeds):
    for exercise in exercises(seeds[:6]):
        y, v, h, z, w = (exercise.graph.named(name) for name in exercise.asked)
        first = exercise.graph.named
        one = exercise.settings
        assert v.gradient == pytest.approx(y.gradient * h.value)
        assert w.gradient == pytest.approx(z.gradient * one.x[0])
        rows_of_v = [row[0] for row in one.v]
        above = [first(name).gradient for name in ([y.name] if len(one.v) == 1 else ["y₁", "y₂"])]
        assert h.gradient == pytest.approx(sum(a * b for a, b in zip(rows_of_v, above, strict=True)))
        slope = {"sigmoid": h.value * (1 - h.value), "tanh": 1 - h.value**2, "ReLU": float(z.value > 0)}
        assert z.gradient == pytest.approx(h.gradient * slope[one.activation])
        assert exercise.questions[-1].truth == pytest.approx(w.value - exercise.rate * w.gradient)


def test_the_challenges_can_be_met_and_the_first_view_meets_none(seeds):
    assert not any(Exercise(drawn("2 → 2 → 2", "sigmoid", seed), 0.1).unanswered[0] for seed in seeds)
    first = Exercise(drawn("2 → 2 → 2", "sigmoid", 0), 0.1)
    assert first.new_loss > 0.5 * first.loss
    met = [
        any(e.new_loss < 0.5 * e.loss for e in (Exercise(drawn(net, bend, seed), rate) for rate in RATES))
        for seed in seeds[:4] for net in NETWORKS for bend in BENDS
    ]  # fmt: skip
    assert sum(met) > 0.8 * len(met)


def test_numbers_are_fit_for_working_by_hand(seeds):
    draw = random.Random(seeds[0])
    for exercise in exercises(draw.sample(seeds, 5)):
        for vertex in exercise.graph.vertices:
            if not vertex.inputs:
                assert abs(vertex.value * 10 - round(vertex.value * 10)) < 1e-9
            if vertex.kind == "parameter":
                assert 0.1 <= abs(vertex.value) <= 0.9


def test_pictures_tables_and_programs_hold(seeds, tmp_path):
    programs = []
    for exercise in exercises(seeds[:1]):
        picture = computation(exercise.moments(), places(exercise.graph), HEADS, 520)
        picture.plotly()
        assert len(picture.frames) == len(picture.captions)
        after_update(exercise, descent(exercise)).plotly()
        assert len(rows(exercise)) == sum(v.kind == "parameter" for v in exercise.graph.vertices)
        programs.append(program_of(exercise))
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) < 1e-9
