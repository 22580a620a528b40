"""What the page “Derivatives and the chain rule” states."""

import random
from itertools import pairwise

import numpy as np
import pytest
import torch
from programs_run import distance, results_of

from core.figures.graphs import computation, layered
from core.formulas.expressions import ExpressionError, parse
from core.formulas.graphs import MOST, replay, shown
from core.lessons.grading import graded
from core.topics.calculus import (  # fmt: skip
    EXAMPLES,
    STEP,
    along,
    graph_of,
    is_flat,
    parts,
    program_of,
    question,
    rows,
    standing,
    starts,
    tangent,
    used_only,
)

SHAPES = (
    "{a} + {b}", "{a} - {b}", "({a}) * ({b})", "({a}) / (({b})^2 + 1)", "({a})^2", "-({a})", "2^tanh({a})",
    "sin({a})", "cos({a})", "tanh({a})", "exp(tanh({a}))", "log(({a})^2 + 0.5)", "sqrt(({a})^2 + 0.5)",
    "sigmoid({a})", "softplus({a})", "erf({a})", "max({a}, {b} + 0.37)", "min({a}, {b} - 0.41)", "abs({a} + 0.29)",
    "relu({a} - 0.13)",
)  # fmt: skip


def random_formula(draw: random.Random, depth: int) -> str:
    if depth == 0:
        return draw.choice(["x", "y", "z", "x", "y", f"{draw.uniform(0.2, 2):.2f}"])
    left, right = (random_formula(draw, draw.randint(0, depth - 1)) for _ in range(2))
    return draw.choice(SHAPES).format(a=left, b=right)


def random_graphs(seed: int, count: int):
    draw = random.Random(seed)
    while count:
        text = random_formula(draw, draw.randint(2, 4))
        values = {name: draw.uniform(-2, 2) for name in "xyz"}
        try:
            graph = graph_of(text, values)
        except ValueError:
            continue  # without a variable, too long, or too large to be drawn
        if all(abs(vertex.value) < 1e3 and abs(vertex.gradient) < 1e3 for vertex in graph.vertices):
            count -= 1
            yield text, values, graph


def test_autograd_equals_the_finite_difference_at_every_node_of_fifty_random_formulas(seed):
    for text, _, graph in random_graphs(seed, 50):
        for vertex in graph.vertices:
            near = 1e-5 * max(1, abs(vertex.gradient))
            assert abs(vertex.gradient - vertex.difference) < near, (text, vertex)


def test_the_gradient_is_the_sum_over_all_paths(seed):
    for text, _, graph in random_graphs(seed, 50):
        for place in graph.learns[:-1]:
            total = sum(graph.vertices[user].gradient * slope for user, slope in graph.users(place))
            assert total == pytest.approx(graph.vertices[place].gradient, rel=1e-9, abs=1e-12), text


def test_the_graph_computes_the_formula(seed):
    for text, values, graph in random_graphs(seed, 50):
        formula = used_only(text)
        inputs = {name: torch.tensor(values[name], dtype=torch.float64, requires_grad=True) for name in formula.names}
        answer = formula(**inputs)
        assert graph.answer.value == pytest.approx(answer.item(), rel=1e-12)
        answer.backward()
        for name, one in inputs.items():
            assert graph.named(name).gradient == pytest.approx(one.grad.item(), rel=1e-9, abs=1e-12)


def test_one_pass_back_visits_every_node_once(seed):
    for _, _, graph in random_graphs(seed, 20):
        worked = [place for moment in replay(graph) if moment.beat == "backward" for place in moment.active]
        assert sorted(worked) == graph.learns
        assert worked == sorted(worked, reverse=True), "every user comes before what it uses"


def test_what_is_to_be_worked_out_is_nowhere_to_be_read(seed):
    for _, _, graph in random_graphs(seed, 20):
        name = graph.vertices[graph.learns[0]].name
        hidden = graph.beneath([name])
        moments = replay(graph, hidden)
        told = moments[-1].caption if moments[-1].active == (graph.place(name),) else ""
        assert not hidden & set().union(*(moment.gradients for moment in moments))
        assert all(row["Gradient"] == "?" for row in rows(graph, hidden) if row["Node"].split(" ")[0] == name)
        assert not told or told.endswith("Work it out.")
        asked = question(graph, name)
        assert graded(f"{asked.truth:.3f}", asked.truth, asked.tolerance).is_right


def test_a_hidden_gradient_hides_what_follows_from_it():
    graph = graph_of("sin(x * y)", {"x": 1.0, "y": 0.5})
    assert graph.beneath(["a"]) == {graph.place("x"), graph.place("y"), graph.place("a")}
    assert graph.beneath(["x"]) == {graph.place("x")}


def test_the_drawing_keeps_nodes_apart_and_runs_to_the_right(seed):
    for _, _, graph in random_graphs(seed, 30):
        places, routes = layered([vertex.inputs for vertex in graph.vertices])
        spots = list(places.values())
        assert len({(round(x, 3), round(y, 3)) for x, y in spots}) == len(spots)
        for route in routes.values():
            assert all(right[0] - left[0] == 1 for left, right in pairwise(route))
        picture = computation(replay(graph))
        picture.plotly()
        assert len(picture.frames) == len(picture.labels) == len(picture.captions)
        for vertex in graph.vertices:
            assert vertex.kind == "constant" or f"{vertex.name} = {shown(vertex.value)}" in picture.alt


def test_a_small_step_does_what_the_gradient_foretells(seed):
    draw = random.Random(seed)
    for text in EXAMPLES:
        values = {name: round(draw.uniform(-2, 2), 1) for name, _ in starts(text)}
        cut = along(text, values)
        tangent(cut).plotly()
        curvature = np.abs(np.gradient(np.gradient(cut.values, cut.x), cut.x)).max()
        assert abs(cut.after - cut.height - cut.foretold) <= 0.5 * curvature * STEP**2 * 1.2 + 1e-3, text


def test_the_challenges_can_be_met_and_the_first_view_meets_none():
    first = graph_of(EXAMPLES[0], dict(starts(EXAMPLES[0])))
    assert not is_flat(first)
    assert "twice" in standing(first, "x") and "once" in standing(first, "y")
    assert is_flat(graph_of(EXAMPLES[0], {"x": 0.0, "y": -1.0}))


def test_the_program_says_what_the_page_shows(seed, tmp_path):
    drawn = [(program_of(text, values), graph) for text, values, graph in random_graphs(seed, 10)]
    programs, graphs = zip(*drawn, strict=True)
    for program, graph, result in zip(programs, graphs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) < 1e-9
        for vertex in graph.vertices:
            if vertex.kind != "constant":
                assert result[vertex.name] == pytest.approx(vertex.value, rel=1e-9)
                assert result[f"d{graph.answer.name}/d{vertex.name}"] == pytest.approx(vertex.gradient, rel=1e-9)


@pytest.mark.parametrize(
    "bad", ["", "3", "x +", "log(x - 5)", "__import__('os')", "+".join(["x*y"] * 30), "x > 1", "🙂"]
)
def test_what_cannot_be_drawn_gets_one_sentence(bad):
    with pytest.raises(ValueError, match=r"\w"):
        graph_of(bad, {"x": 1.0, "y": 1.0, "z": 1.0})


def test_an_error_points_at_the_place():
    with pytest.raises(ExpressionError) as error:
        graph_of("x + sin(y", {"x": 1.0, "y": 1.0})
    assert error.value.caret == "x + sin(y\n         ^"


def test_a_formula_is_drawn_up_to_its_limit():
    assert len(parts(parse("x" + "+x" * 20, ("x",)))) <= MOST


def test_the_variables_of_a_formula_are_known_however_it_is_written():
    for text, names in {"x² + 2y": "xy", "3Z·x": "xz", "Ｙ−π": "y", "max(x, 1": "x"}.items():
        assert "".join(name for name, _ in starts(text)) == names
    assert used_only("x²·2Y").names == ("x", "y")
