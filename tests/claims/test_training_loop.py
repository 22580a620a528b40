"""What the page “The training loop” states, on fresh seeds."""

import ast
import random

import numpy as np
import pytest
import torch
from programs_run import distance, results_of
from torch import nn
from torch.nn import functional

from core.lessons.controls import defaults
from core.randomness import torchs_own
from core.topics.training_loop import styles
from core.topics.training_loop.loops import (
    BUGS,
    LOOP,
    SOUND,
    case,
    code_of,
    history,
    kept,
    named,
    program_of_loop,
    seen,
    table,
)
from core.topics.training_loop.views import LOOPS, VIEWS, difference, goal


@pytest.mark.parametrize("name", [SOUND, *BUGS])
def test_each_bug_is_named_from_its_curve_alone(name, seeds):
    """Every curve is distinguishable from all others, and from a sound loop's."""
    assert [named(curves) for curves in history(name, seeds[:5]).curves] == [name] * 5


def test_softmax_before_cross_entropy_cannot_pass_its_floor(seeds):
    floor = np.log(np.e + 9) - 1
    assert kept("softmax before cross-entropy", tuple(seeds[:3])).curves[..., :2].min() > floor


def test_a_detached_loss_changes_nothing(seeds):
    assert not np.ptp(kept("detached loss", tuple(seeds[:3])).curves[..., 1], axis=1).any()


def test_the_wrong_dimension_begins_at_the_log_of_the_batch(seeds):
    for name, count in (("wrong dimension", 20), (SOUND, 10)):
        assert np.allclose(kept(name, tuple(seeds[:3])).curves[:, 0, 0], np.log(count), rtol=0, atol=0.3)


@pytest.mark.parametrize("mended", [None, 0, 4])
def test_each_loop_is_pytorchs_own(mended, seeds):
    """To the rounding of a mean loss, beside three other seeds, also where it was rewound and mended: as if it had been
    trained with the other line from that epoch on."""
    for name in BUGS:
        found = history(name, tuple(seeds[:4]), mended).curves[1]
        assert np.allclose(found, in_modules(name, seeds[1], mended), rtol=2e-6, atol=1e-6), name


def torchs_loss(logits, y, bug):
    """The loss as the broken line writes it."""
    if bug == "softmax before cross-entropy":
        return functional.cross_entropy(logits.softmax(dim=1), y)
    if bug == "wrong dimension":
        return functional.nll_loss(logits.log_softmax(dim=0), y)
    if bug == "detached loss":
        return functional.cross_entropy(logits.detach(), y).requires_grad_()
    return functional.cross_entropy(logits, y)


def in_modules(bug, seed, mended):
    """The same loop with ``nn.Sequential`` and ``torch.optim.SGD``, from its first epoch on."""
    x, y, x_test, y_test = table(seed)
    rows = []
    with torchs_own(seed):
        model = nn.Sequential(nn.Linear(74, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 10))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        for epoch in range(10):
            now = SOUND if mended is not None and epoch >= mended else bug
            optimizer.param_groups[0]["lr"] = 20.0 if now == "step ×100" else 0.2
            inputs, inputs_test, losses = seen(x, y, now), seen(x_test, y_test, now), []
            order = torch.arange(len(x)) if now == "no shuffle on sorted data" else torch.randperm(len(x))
            model.train()
            for batch in order.split(20):
                loss = torchs_loss(model(inputs[batch]), y[batch], now)
                if now != "no zero_grad":
                    optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            model.train(now == "forgotten eval")
            with torch.no_grad():
                logits = model(inputs_test)
            right = (logits.argmax(dim=1) == y_test).float().mean().item()
            rows.append([sum(losses) / len(losses), torchs_loss(logits, y_test, now).item(), right])
    return np.array(rows)


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_is_one_line_and_the_code_is_python(name):
    lines = [line for line in difference(name).split("\n") if line[:1] in "+-"]
    assert 1 <= len(lines) <= 2 and code_of(name) != LOOP
    ast.parse(code_of(name))


@pytest.mark.parametrize("count", [2, pytest.param(len(BUGS), marks=pytest.mark.long)])
def test_the_code_shown_is_the_loop_that_was_run(count, seed, tmp_path):
    """Some of the loops, by the seed; all of them in the long run."""
    found = [case(name, 4, 3) for name in random.Random(seed).sample(list(BUGS), count)]
    for each, result in zip(found, results_of([program_of_loop(each) for each in found], tmp_path), strict=True):
        assert distance(result, {"history": each.broken[0].tolist()}) <= 1e-3, each.bug.name


def test_the_challenge_can_be_met_and_every_bug_has_a_letter(seeds):
    assert sorted(LOOPS.values()) == sorted(BUGS)
    assert any(goal(case(name, 5, seeds[0])).passed for name in ("leaked data", "forgotten eval"))
    assert not goal(case(LOOPS["loop A"], 4, seeds[0])).passed


def test_the_styles_are_one_loop(seeds):
    for seed in seeds[:3]:
        found = styles.compared(seed)
        assert found.losses[styles.PLAIN] == found.losses[styles.LIGHTNING]
        assert found.losses[styles.PLAIN][-1] < 0.5 * found.losses[styles.PLAIN][0]


def test_every_aligned_line_stands_in_the_code_that_is_run():
    sources = list(styles.sources().values())
    for text in sources:
        ast.parse(text)
    for _, *lines in styles.ALIGNED:
        assert all(line in text for line, text in zip(lines, sources, strict=True))


def test_keras_fit_learns_as_the_loop_does(seed):
    """From the same weights, with batches in another order."""
    found = styles.with_keras(styles.compared(seed))
    loop, keras = found.losses[styles.PLAIN], found.losses[styles.KERAS]
    assert len(loop) == len(keras) and np.allclose(loop, keras, atol=0.25) and keras[-1] < 0.5 * keras[0]


def test_all_views_can_be_drawn():
    for name, view in VIEWS.items():
        measured = view.measure(**defaults(view.controls), seed=1)
        for shown in (view.draw(measured), view.before(measured)):
            for picture in (each for row in shown.pictures for each in row):
                picture.plotly()
                assert len(picture.alt) > 40 and "nan" not in picture.alt, name
        assert view.question(measured).truth in view.question(measured).options


def test_kerass_curve_is_said_to_be_as_far_from_the_loops_as_it_is():
    losses = {styles.PLAIN: [1.0, 0.5], styles.LIGHTNING: [1.0, 0.5], styles.KERAS: [1.2, 0.75]}
    losses = {name: values + [values[-1]] * (styles.EPOCHS - 2) for name, values in losses.items()}
    found = styles.Compared(0, losses, 0.0)
    assert "differ by at most **0.25**" in VIEWS["Three styles"].later.draw(found).note
    assert "differ by at most **0**" in VIEWS["Three styles"].draw(found).note
