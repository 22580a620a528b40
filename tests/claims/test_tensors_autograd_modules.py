"""What the page “Tensors, autograd and modules” states, on fresh seeds."""

import math
import random

import pytest
import torch
from programs_run import distance, results_of

from core.formulas.tokens import ExpressionError
from core.lessons.controls import defaults
from core.topics.tensors_autograd_modules.broadcasting import ShapeError, aligned, shape_of
from core.topics.tensors_autograd_modules.broadcasting_view import BROADCASTING, draw, question
from core.topics.tensors_autograd_modules.broadcasting_view import goal as shape_goal
from core.topics.tensors_autograd_modules.einsum import equation_of, program_of_sum, summed
from core.topics.tensors_autograd_modules.einsum_view import EQUATIONS, is_trace
from core.topics.tensors_autograd_modules.einsum_view import goal as trace_goal
from core.topics.tensors_autograd_modules.graph import REASONS, alone, program_of_snippet, traced
from core.topics.tensors_autograd_modules.graph_view import GETS, REFUSES, SNIPPETS
from core.topics.tensors_autograd_modules.graph_view import draw as draw_graph
from core.topics.tensors_autograd_modules.graph_view import goal as graph_goal
from core.topics.tensors_autograd_modules.graph_view import question as graph_question
from core.topics.tensors_autograd_modules.memory import (
    COPY,
    OPERATIONS,
    REFUSED,
    THEN,
    laid_out,
    program_of_memory,
)
from core.topics.tensors_autograd_modules.memory_view import draw as draw_memory
from core.topics.tensors_autograd_modules.memory_view import goal as memory_goal
from core.topics.tensors_autograd_modules.module_view import goal as module_goal
from core.topics.tensors_autograd_modules.modules import BLOCKS, hooked
from core.topics.tensors_autograd_modules.snippets import FUNCTIONS, snippet_of
from core.topics.tensors_autograd_modules.views import VIEWS

# Broadcasting --------------------------------------------------------------------------------------------------------


def random_shapes(draw_from: random.Random) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes of up to five axes that often fit each other, sometimes by stretching, sometimes not."""
    common = [draw_from.randrange(5) for _ in range(draw_from.randrange(6))]
    pair = []
    for _ in range(2):
        own = [draw_from.choice([size, size, 1, 3]) for size in common]
        pair.append(tuple(own[draw_from.randrange(len(own) + 1) :] if draw_from.random() < 0.5 else own))
    return pair[0], pair[1]


def test_alignment_agrees_with_torch_on_500_random_shapes(seed):
    draw_from, fits = random.Random(seed), 0
    for _ in range(500):
        a, b = random_shapes(draw_from)
        found = aligned(a, b)
        try:
            truth = tuple((torch.zeros(a) + torch.zeros(b)).shape)
        except RuntimeError as error:
            assert found.result is None and found.error == str(error)
            continue
        fits += 1
        assert found.result == truth and not found.error
        first, second = torch.broadcast_tensors(torch.zeros(a), torch.zeros(b))
        assert (found.strides(a), found.strides(b)) == (first.stride(), second.stride())
        for which, one in enumerate((a, b)):
            repeated = torch.zeros(one).expand(truth)
            again = any(step == 0 and size > 1 for step, size in zip(repeated.stride(), truth, strict=True))
            assert found.stretches(which) == again or 0 in truth
    assert 50 < fits < 490, "both answers are tried"


def test_where_the_axes_clash_is_what_torch_names(seeds):
    for seed in seeds:
        draw_from = random.Random(seed)
        found = aligned(*random_shapes(draw_from))
        if found.error:
            place = max(place for place, axis in enumerate(found.axes) if axis.result is None)
            first, second = found.axes[place].sizes
            assert f"a ({first}) must match the size of tensor b ({second})" in found.error
            assert found.error.endswith(f"dimension {place}") and found.error in draw(found).note
        assert question(found).truth in question(found).options


@pytest.mark.parametrize("text", ["(2, 3)", "2,3", " 2 3 ", "2x3", "[2, 3]", "torch.Size([2, 3])"])
def test_shapes_are_read_as_people_write_them(text):
    assert shape_of(text) == (2, 3) and shape_of("") == shape_of("()") == ()


@pytest.mark.parametrize(
    "text", ["-1", "a", "2.5", "1e9", "9" * 60, "1,1,1,1,1,1,1", "999999", "١", "__import__('os')"]
)
def test_what_is_no_shape_is_refused_in_one_sentence(text):
    with pytest.raises(ShapeError, match=r"^[A-Z].*\.$"):
        shape_of(text)


def test_a_result_too_large_is_refused_without_memory():
    with pytest.raises(ShapeError, match="million billion"):
        aligned((99999, 1, 99999, 1), (99999, 1, 99999))


def test_sixty_numbers_on_three_axes_can_be_made():
    assert shape_goal(aligned((3, 1, 5), (4, 1))).passed and not shape_goal(aligned((3, 4, 5), (5,))).passed


# Memory --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", OPERATIONS)
def test_offset_plus_index_times_stride_is_the_cell_that_is_read(first, seed):
    draw_from = random.Random(seed)
    for then in THEN:
        found = laid_out(draw_from.randint(2, 5), draw_from.randint(2, 6), first, then)
        stored = found.stored
        assert [stored[address] for address in found.addresses] == found.y.reshape(-1).tolist()
        found.y.reshape(-1)[:0]  # an empty view is one too
        before = found.x.clone()
        found.y.add_(100) if found.y._base is None or found.y.stride()[0:1] != (0,) else None
        assert found.shares == (not torch.equal(before, found.x)) or 0 in found.y.stride() or not found.y.numel()


def test_a_transpose_copies_nothing_and_cannot_be_viewed_as_a_row():
    found = laid_out(3, 4, "x.T", "nothing")
    assert found.shares and found.y.stride() == (1, 4) and not found.y.is_contiguous()
    refused = laid_out(3, 4, "x.T", "y.view(-1)")
    assert refused.kind == REFUSED and refused.error in draw_memory(refused).note
    assert laid_out(3, 4, "x.T", "y.reshape(-1)").kind == COPY == laid_out(3, 4, "x.T", "y.contiguous()").kind


def test_the_challenge_of_memory_can_be_met_and_is_not_met_at_first():
    passed = [(one, two) for one in OPERATIONS for two in THEN if memory_goal(laid_out(3, 4, one, two)).passed]
    assert passed and ("x.T", "nothing") not in passed


def test_programs_of_memory_repeat_what_is_shown(tmp_path):
    found = [laid_out(3, 4, one, two) for one in OPERATIONS for two in THEN]
    programs = [program_of_memory(each) for each in found]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) == 0


# Einsum --------------------------------------------------------------------------------------------------------------


def test_the_loop_sums_what_torch_sums_on_random_equations(seeds):
    for seed in seeds:
        draw_from = random.Random(seed)
        letters = "ijkl"[: draw_from.randint(1, 4)]
        operands = [
            "".join(draw_from.choices(letters, k=draw_from.randint(1, 3))) for _ in range(draw_from.randint(1, 3))
        ]
        used = sorted(set("".join(operands)))
        answer = "".join(draw_from.sample(used, draw_from.randint(0, min(3, len(used)))))
        found = summed(f"{','.join(operands)}->{answer}", "2, 3, 2, 3", seed)
        totals = {term.place(answer): term.total for term in found.terms}
        assert len(found.terms) == found.products == math.prod(found.sizes.values())
        assert {place: int(found.answer[place]) for place in totals} == totals and len(totals) == found.answer.numel()


def test_without_an_arrow_the_answer_is_torchs(seeds):
    for seed in seeds:
        draw_from = random.Random(seed)
        text = ",".join("".join(draw_from.choices("ab", k=2)) for _ in range(2))
        found = equation_of(text)
        tensors = [torch.rand(3, 3, dtype=torch.float64) for _ in found.operands]
        assert torch.allclose(torch.einsum(text, *tensors), torch.einsum(found.text, *tensors))


@pytest.mark.parametrize(
    "text", ["", "->", "ij,jk->iz", "ij->ii", "é", "a-b", "abcd->a", "a->b->c", "a,b,c,d->", "A", "ab->a,b"]
)
def test_what_is_no_equation_is_refused_with_its_place(text):
    with pytest.raises(ExpressionError) as refusal:
        equation_of(text)
    assert str(refusal.value).endswith(".") and "^" in refusal.value.caret


@pytest.mark.parametrize("sizes", ["0", "6", "2.5", "x", "5,5,5,5"])
def test_sizes_that_cannot_be_stepped_through_are_refused(sizes):
    with pytest.raises(ValueError, match=r"\.$"):
        summed("ij,jk,kl->il", sizes, 1)


def test_a_trace_needs_no_product(seeds):
    for seed in seeds[:5]:
        found = summed("ij,ji->", "3, 4", seed)
        assert trace_goal(found).now == "Now: ij,ji->, whose answer has 1 number."
        assert is_trace(found) and int(found.answer) == int((found.tensors[0] @ found.tensors[1]).trace())
    assert not any(is_trace(summed(each, "", 1)) for each in EQUATIONS)


def test_programs_of_sums_repeat_what_is_shown(tmp_path):
    programs = [program_of_sum(summed(each, "", 3)) for each in EQUATIONS]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) == 0


# Graph ---------------------------------------------------------------------------------------------------------------

ENDS = {  # snippet → x.grad at its end, or a part of torch's refusal
    "two paths add up": 4 + math.cos(2), "detach cuts a path": 16.0, "in place, harmless": 3.0,
    "a step of descent": 4.0, "backward twice, graph retained": 24.0, "derivative of a derivative": 288.0,
    "a sum of several": [3.0, 4.0], "no_grad records nothing": "does not require grad",
    "in place, on a saved number": "modified by an inplace operation", "in place, on a leaf": "leaf Variable",
    "backward twice": "a second time", "no single number": "scalar outputs",
}  # fmt: skip


@pytest.mark.parametrize("name", SNIPPETS)
def test_every_preset_ends_as_it_is_known_to(name):
    """Gradients worked out by hand; refusals in torch's words, each explained."""
    found, end = traced(SNIPPETS[name]), ENDS[name]
    if isinstance(end, str):
        assert end in found.error and found.reason and graph_question(found).truth == REFUSES
        assert found.reason in draw_graph(found).note
    else:
        assert found.failed is None and graph_question(found).truth == GETS
        assert found.gradients["x"].tolist() == pytest.approx(end, rel=1e-6)


def test_the_graph_is_autograds_own():
    found = traced(SNIPPETS["two paths add up"])
    titles = [node.title for node in found.nodes]
    assert sorted(titles) == ["AccumulateGrad", "AddBackward0", "MulBackward0", "SinBackward0"]
    last = found.nodes[-1]
    assert last.names == ("y",) and [found.nodes[place].names for place in last.inputs] == [("a",), ("b",)]
    assert found.nodes[titles.index("MulBackward0")].inputs == (titles.index("AccumulateGrad"),) * 2
    assert alone(traced(SNIPPETS["detach cuts a path"])) == ["b"]
    assert set(alone(traced(SNIPPETS["no_grad records nothing"]))) == {"x", "a", "y"}


def test_a_detached_path_carries_no_gradient(seeds):
    """y = x² · detach(x²): x counts as a variable once, so the gradient is half of the whole."""
    for seed in seeds:
        at = random.Random(seed).uniform(-3, 3)
        start = f"x = tensor({at!r}, requires_grad=True); a = x * x; b = a{{}}; y = a * b; y.backward()"
        cut, whole = (traced(start.format(way)).gradients["x"].item() for way in (".detach()", ".clone()"))
        assert cut == pytest.approx(whole / 2, rel=1e-5) and whole == pytest.approx(4 * at**3, rel=1e-4)


def random_term(draw_from: random.Random, depth: int = 3) -> str:
    """An expression in x."""
    if depth == 0 or draw_from.random() < 0.2:
        return draw_from.choice(["x", "x", f"{draw_from.uniform(0.5, 2):.3f}"])
    one, two = random_term(draw_from, depth - 1), random_term(draw_from, depth - 1)
    called = f"{draw_from.choice(['sin', 'cos', 'tanh', 'sigmoid', 'exp'])}({one} - x)"
    return draw_from.choice([f"({one} + {two})", f"{one} * {two}", called, f"(-{one} * x).sin()", f"({one})**2"])


def test_snippets_and_their_python_agree(seeds, tmp_path):
    """What our grammar carries out is what Python makes of the program that is shown."""
    programs = []
    for seed in seeds:
        draw_from = random.Random(seed)
        start = f"x = tensor({draw_from.uniform(-1, 1):.4f}, requires_grad=True)"
        found = traced(f"{start}; y = x * 0.1 + {random_term(draw_from)}; y.backward()")
        assert found.failed is None
        programs.append(program_of_snippet(found))
    programs += [program_of_snippet(traced(each)) for each in SNIPPETS.values()]
    for program, result in zip(programs, results_of(programs, tmp_path), strict=True):
        assert distance(result, program.shown) <= 1e-4


HOSTILE = (
    "", ";;", "x", "x = ", "import os", "__import__('os').system('ls')", "x = tensor(2.0).__class__", "x = open",
    "x = y", "lambda = tensor(1.0)", "x = tensor(1e99)", "(" * 300, "x = " + "-" * 300 + "1", "x = tensor([1,2,3,4,5])",
    "x = tensor(1.0); " * 20, "a" * 401, "x = tensor(1.0).numpy()", "x = eval(1)", "x = tensor('a')", "é = tensor(1)",
    "x = tensor(1.0); x.backward(create_graph=True)", "with open: x = 1", "result = tensor(1.0)", "x = tensor(1.0) y",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_snippet_is_refused_in_one_sentence(text):
    try:
        found = traced(text)
    except ExpressionError as error:
        assert str(error).endswith(".") and "^" in error.caret
    else:  # it can be read; then it fails where it is carried out, in a sentence
        assert found.failed is not None and found.error.endswith(".")


def test_random_text_never_breaks_the_parser(seeds):
    pieces = ["x", "y", "=", "+=", "tensor(", "1.0", ")", "(", ",", "requires_grad=True", ";", ".", "grad",
              "backward()", "*", "-", "**", "@", "with", "no_grad", ":", "sin", "[", "]", "detach()", " "]  # fmt: skip
    for seed in seeds:
        draw_from = random.Random(seed)
        for _ in range(100):
            text = " ".join(draw_from.choices(pieces, k=draw_from.randrange(16)))
            try:
                draw_graph(traced(text))
            except ValueError as error:
                assert str(error).endswith(".")


def test_only_named_functions_can_be_called():
    assert all(callable(getattr(torch, name)) for name in FUNCTIONS)
    for name in ("save", "load", "compile", "numpy", "apply_", "register_hook", "storage"):
        with pytest.raises(ExpressionError):
            snippet_of(f"x = tensor(1.0); y = x.{name}()")


def test_reasons_are_found_for_torchs_common_refusals():
    a, b = (f"{name} = tensor(1.0, requires_grad=True); " for name in "ab")
    assert traced("a = tensor([1.0, 2.0]); b = tensor([1.0, 2.0, 3.0]); c = a + b").reason
    assert traced(a + b + "y = a * 2; g = grad(y, b)").reason
    assert len({part for part, _ in REASONS}) == len(REASONS)


def test_two_backward_calls_can_make_the_goal_and_no_preset_does():
    text = "x = tensor(2.0, requires_grad=True); y = 7.5 * x * x / 2; y.backward(retain_graph=True); y.backward()"
    assert graph_goal(traced(text)).passed and not any(graph_goal(traced(each)).passed for each in SNIPPETS.values())


# Module --------------------------------------------------------------------------------------------------------------


def test_hooks_see_what_autograd_computes(seeds):
    """The last module's gradient is (softmax − one-hot) / batch, whatever the blocks; outputs are recomputed."""
    from core.data.digits import digits

    for seed in seeds[:5]:
        draw_from = random.Random(seed)
        blocks = tuple(draw_from.choices([block for block in BLOCKS if "Dropout" not in block], k=3))
        found = hooked(blocks, 24, 1.5, False, seed)
        data = digits(seed=seed, flat=True)
        with torch.no_grad():
            x = data.x[:128]
            for layer, passed in zip(found.model, found.passed, strict=True):
                x = layer(x)
                assert x.std().item() == pytest.approx(passed.deviation, rel=1e-4)
        error = x.softmax(dim=1) - torch.nn.functional.one_hot(data.y[:128], 10)
        assert error.square().mean().sqrt().item() == pytest.approx(found.passed[-1].gradient, rel=1e-4)
        assert found.backward == tuple(reversed([each.name for each in found.passed]))


def test_gradients_fade_through_sigmoids(seeds):
    assert all(hooked(("Linear + sigmoid",) * 4, 32, 1.0, True, seed).ratio < 0.1 for seed in seeds)


def test_training_mode_matters_to_dropout_and_batch_norm_alone(seed):
    for block in BLOCKS:
        one, other = (hooked((block,) * 2, 16, 1.0, mode, seed).loss for mode in (True, False))
        assert (one != other) == ("Dropout" in block or "BatchNorm" in block), block


def test_six_blocks_that_keep_their_size_exist_on_most_seeds(seeds):
    tried = [("Linear + tanh", 3.0), ("Linear + tanh", 2.5), ("Linear + ReLU", 3.0)]
    passed = [any(module_goal(hooked((block,) * 6, 64, scale, True, seed)).passed for block, scale in tried)
              for seed in seeds]  # fmt: skip
    assert sum(passed) > len(seeds) / 2, passed


# The page ------------------------------------------------------------------------------------------------------------


def test_all_views_can_be_drawn_and_pass_no_challenge_at_first():
    for name, view in VIEWS.items():
        measured = view.measure(**defaults(view.controls), seed=1)
        for shown in (view.draw(measured), view.before(measured)):
            for picture in (each for row in shown.pictures for each in row):
                picture.plotly()
                assert len(picture.alt) > 20, name
        assert not view.goal(measured).passed and view.question(measured).truth is not None
    assert VIEWS["Broadcasting"] is BROADCASTING
