"""What the page “Jacobians and their products” states."""

import numpy as np
import pytest
import torch
from pages_under_test import SLIPS

from core.lessons.grading import graded
from core.topics.matrix_calculus.numbers import (  # fmt: skip
    PIECES,
    because,
    bytes_rows,
    bytes_told,
    entry,
    forward_wins,
    measured,
    moves,
    question,
    shifted,
)
from core.topics.matrix_calculus.pictures import closed_form, jacobian, shift

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:FutureWarning")  # torch.func's own
SHAPES = ((2, 2), (4, 3), (3, 7), (8, 8))


@pytest.mark.parametrize("name", PIECES)
def test_the_closed_form_is_what_jacrev_measures(name, seeds):
    for seed, (inputs, outputs) in zip(seeds, SHAPES, strict=False):
        piece = PIECES[name](inputs, outputs, seed)
        found = torch.func.jacrev(piece.function)(piece.x)
        assert found.shape == piece.closed.shape
        assert (found - piece.closed).abs().max() < 1e-6


@pytest.mark.parametrize("name", PIECES)
def test_rows_by_vjp_and_columns_by_jvp_make_the_same_matrix(name, seeds):
    for seed, (inputs, outputs) in zip(seeds, SHAPES, strict=False):
        rows, columns = (measured(name, inputs, outputs, seed, backward) for backward in (True, False))
        assert rows.difference < 1e-6 and columns.difference < 1e-6
        largest = max(1.0, rows.jacobian.abs().max().item())  # inputs that are nearly equal make LayerNorm's large
        assert (rows.jacobian - columns.jacobian).abs().max() < 1e-12 * largest
        assert (rows.count, columns.count) == tuple(rows.jacobian.shape), "a VJP per output, a JVP per input"


def test_for_layers_in_a_chain_jacobians_multiply(seed):
    first, then = PIECES["Wx + b, by x"](4, 5, seed), PIECES["softmax"](5, 5, seed)
    whole = torch.autograd.functional.jacobian(lambda x: then.function(first.function(x)), first.x)
    middle = first.function(first.x)
    p = middle.softmax(dim=0)
    assert torch.allclose(whole, (torch.diag(p) - p.outer(p)) @ first.closed, atol=1e-12)


def test_one_backward_pass_gives_a_loss_its_whole_gradient(seeds):
    for seed in seeds[:5]:
        found = measured("softmax + cross-entropy", 6, 6, seed)
        assert found.count == 1 and found.jacobian.shape == (1, 6) and found.difference < 1e-12


def test_what_moves_when_all_inputs_rise_together(seeds):
    for seed in seeds[:5]:
        answers = {name: moves(PIECES[name](5, 4, seed)) for name in PIECES}
        assert all(answers[name].startswith("no") for name in ("softmax", "softmax + cross-entropy", "LayerNorm"))
        assert answers["Wx + b, by x"] == answers["Wx + b, by W"] == "yes"
        for name in PIECES:
            piece = PIECES[name](5, 4, seed)
            rates = shifted(piece)
            step = 1e-4
            with torch.no_grad():
                raised, lowered = piece.function(piece.x + step), piece.function(piece.x - step)
            assert np.allclose(rates, ((raised - lowered) / (2 * step)).numpy(), atol=1e-4)
            assert np.allclose(rates, piece.closed.sum(dim=1).numpy(), atol=1e-9)
            assert ("adds up to 0:" in because(piece)) == answers[name].startswith("no")


def test_bytes_are_those_of_the_tensors(seed):
    found = measured("LayerNorm", 7, 7, seed)
    x = found.piece.x.clone().requires_grad_()
    out = found.piece.function(x)
    v = torch.ones_like(out)
    (row,) = torch.autograd.grad(out, x, v)
    assert found.whole == found.jacobian.untyped_storage().nbytes() == 7 * 7 * 8
    assert found.bytes_each == v.untyped_storage().nbytes() + row.untyped_storage().nbytes()
    assert [bytes_told(n) for n in (1, 999, 1000, 4.3e9, 1.4e11)] == [
        "1 bytes",
        "999 bytes",
        "1 kB",
        "4.3 GB",
        "140 GB",
    ]
    big = [row[next(key for key in row if key.startswith("Width"))] for row in bytes_rows(found)]
    assert big == ["4.29 GB", "262 kB", "32,768"]


def test_the_hidden_entry_can_be_worked_out_from_the_numbers_given(seeds):
    for seed in seeds[:4]:
        for name in PIECES:
            found = measured(name, 4, 3, seed)
            row, column = entry(found)
            asked = question(found)
            given = found.piece.given
            by_hand = {
                "softmax": lambda: -given["p"][row] * given["p"][column],
                "softmax + cross-entropy": lambda: given["p"][column] - given["t"][column],
                "LayerNorm": lambda: (-1 / 4 - given["y"][row] * given["y"][column] / 4) / given["s"][0],
                "ReLU": lambda: torch.zeros(()),
                "Wx + b, by x": lambda: found.piece.closed[row, column],
                "Wx + b, by W": lambda: given["x"][0],
            }[name]()
            assert graded(f"{by_hand.item():.3f}", asked.truth, asked.tolerance).is_right, name
            assert not graded(f"{by_hand.item() + 0.5:.3f}", asked.truth, asked.tolerance).is_right


def test_the_hidden_entry_is_in_no_picture(seed):
    found = measured("softmax", 4, 4, seed)
    row, column = entry(found)
    for picture in (jacobian(found, True), closed_form(found, True)):
        assert picture.traces[0]["text"][row][column] == picture.traces[0]["text"][column][row] == "?"
        for (change,) in picture.frames:
            assert change["text"][row][column] in ("", "?")
    assert jacobian(found, False).traces[0]["text"][row][column] not in ("", "?")


def test_the_challenge_can_be_met_and_the_first_view_does_not(seed):
    assert not forward_wins(PIECES["softmax"](4, 4, seed))
    assert forward_wins(PIECES["Wx + b, by x"](2, 8, seed))


@pytest.mark.parametrize("name", PIECES)
def test_pictures_hold(name, seed):
    for inputs, outputs in SHAPES:
        for backward in (True, False):
            found = measured(name, inputs, outputs, seed, backward)
            for picture in (jacobian(found, True), closed_form(found, False), shift(found, shifted(found.piece))):
                picture.plotly()
                assert not SLIPS.search(picture.alt)


def test_what_the_notes_say(seeds):
    for seed in seeds[:5]:
        assert (PIECES["LayerNorm"](5, 5, seed).closed.abs() > 1e-9).all(), "every output depends on every input"
        p = PIECES["softmax"](5, 5, seed).closed
        assert (p.diagonal() > 0).all() and ((p < 0).sum() == 20), "what one gains the others lose"
        loss = PIECES["softmax + cross-entropy"](5, 5, seed).closed[0]
        assert loss[0] < 0 and (loss[1:] > 0).all(), "a step against the gradient lowers what is too much"
        assert "quad" in measured("ReLU", 3, 3, seed).told
