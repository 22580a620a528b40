"""What the page “Regularization” states."""

import numpy as np
import pytest
import torch

from core.data.rules import aimed, bullseye, turned
from core.data.sampling import generator_of
from core.lessons.controls import defaults
from core.topics.regularization.numbers import (
    AUGMENTED,
    DROPOUT,
    EARLY,
    L1,
    L2,
    NAMES,
    PENALTIES,
    PLAIN,
    Comparison,
    Problem,
    Setting,
    Strength,
    compare,
    path,
    thinned,
    unsure,
    used,
    variant,
    wobble,
)
from core.topics.regularization.stopping import Stop, game, place_of
from core.topics.regularization.views import VIEWS, race_view, stop_of
from core.training import train


@pytest.fixture(scope="module")
def comparison():
    """One comparison for the tests that only look at it; its seeds are drawn in the tests of the claims."""
    return compare(Problem(), Strength(), (0, 1))


def trained(problem, name, seed, strength=None):
    return train(*variant(problem, strength or Strength(), name, seed))


def test_l1_leaves_no_more_weights_with_a_larger_penalty(seeds):
    """From one strength to the next, three times as large; one hundredth of the weights may come back by chance."""
    for seed in seeds[:6]:
        left = path(Problem(), L1, (seed,)).remaining()
        assert (np.diff(left) <= 8).all(), left
        assert left[-1] < 0.05 * left[0]


def test_l1_makes_zeros_and_l2_does_not(seeds):
    middle = len(PENALTIES) // 2
    for seed in seeds[:4]:
        one, two = (path(Problem(60, 4, 0.1), name, (seed,)).remaining()[middle] for name in (L1, L2))
        assert one < 0.6 * two


def test_evaluation_is_deterministic_and_dropout_is_not(seed):
    run = trained(Problem(), DROPOUT, seed)
    model, x = run.at(), run.data.x_test
    assert not model.training
    with torch.no_grad():
        assert torch.equal(model(x), model(x)) and torch.equal(model(x), run.at()(x))
        many = thinned(run, x)
    assert many.std(dim=0).max() > 0.05 and torch.equal(many, thinned(run, x))
    assert (unsure(trained(Problem(), PLAIN, seed), 10, 2.4) == 0).all(), "nothing is silenced without dropout"


def test_a_thinned_network_is_the_network_in_training_mode(seed):
    """A mask per draw: silenced units are 0, the others are scaled by 1/(1 − p)."""
    run = trained(Problem(), DROPOUT, seed)
    mask = run.at().hidden[0][2].mask((1, 1000))
    assert mask.unique().tolist() == pytest.approx([0.0, 1 / 0.7])
    assert (mask == 0).float().mean().item() == pytest.approx(0.3, abs=0.08)


def test_the_best_epoch_is_the_lowest_validation_loss(seeds):
    for seed in seeds[:3]:
        run = game(Problem(), seed)
        losses = [epoch.test_loss for epoch in run.history]
        assert run.best is run.history[int(np.argmin(losses))]
        assert Stop(run, run.best.number).excess == 0
        assert Stop(run, run.best.number).is_good or run.best.number == 0, "0 stands for: not stopped yet"
        early = trained(Problem(), EARLY, seed)
        assert used(early) is early.best and early.best.number <= early.last.number


def test_a_stop_is_scored_against_the_best_epoch(seed):
    run = game(Problem(), seed)
    assert not Stop(run, 0).is_good and Stop(run, 0).state == "Now: not stopped yet."
    end = Stop(run, run.last.number)
    assert end.excess == pytest.approx(run.last.test_loss / run.best.test_loss - 1)
    assert not end.is_good, "waiting for the end is no way to pass"
    for at in (run.best.number, run.last.number):
        stop = Stop(run, at)
        digits = 1 if stop.excess < 0.1 else 0
        assert f"validation loss {100 * stop.excess:.{digits}f}% above the best" in stop.sentence()
    assert [place_of(run, {"x": x}) for x in (-3, 7.4, 1e9)] == [1, 7, run.last.number]


def test_the_augmented_answer_is_flatter(seeds):
    for seed in seeds[:5]:
        plain, augmented = (trained(Problem(), name, seed) for name in (PLAIN, AUGMENTED))
        assert wobble(augmented) < 0.6 * wobble(plain)


def test_turned_copies_keep_distance_and_class(seed):
    plain, copied = bullseye(30, 3, 0.1, seed=seed), bullseye(30, 3, 0.1, copies=4, seed=seed)
    assert torch.equal(copied.x[:30], plain.x) and torch.equal(copied.x_test, plain.x_test)
    assert copied.y.tolist() == plain.y.tolist() * 4
    distance = copied.x[:, :2].norm(dim=1).view(4, 30)
    assert torch.allclose(distance, distance[:1].expand(4, 30), atol=1e-5)
    assert torch.equal(copied.x[30:60, 2:], plain.x[:, 2:])
    quarter = turned(torch.tensor([[1.0, 0.0, 7.0]]), torch.tensor([torch.pi / 2]))
    assert torch.allclose(quarter, torch.tensor([[0.0, 1.0, 7.0]]), atol=1e-6)


def test_wrong_labels_are_as_many_as_said(seed):
    right, wrong = (aimed(200, 0, share, generator_of(seed)) for share in (0.0, 0.2))
    assert torch.equal(right[0], wrong[0]) and (right[1] != wrong[1]).sum() == 40


def test_where_the_direction_does_not_matter_augmentation_beats_nothing(seeds):
    race = compare(Problem(), Strength(), tuple(seeds[:6]))
    assert race.lead(AUGMENTED, PLAIN) > 0.05
    assert race.lead(race.best, AUGMENTED) < 0.02, "nothing is clearly better"
    for name in (L1, L2):
        assert race.lead(name, PLAIN) > 0, "with wrong labels the penalties help too"


def test_with_irrelevant_inputs_l1_wins_and_the_challenge_is_passed(seeds):
    race = compare(Problem(100, 8, 0.0), Strength(), tuple(seeds[:5]))
    assert race.wins(L1), race.sentence()


def test_the_first_view_does_not_pass(comparison):
    assert not comparison.wins(L1)
    assert set(comparison.accuracies) == set(NAMES)


def test_the_penalties_are_those_of_the_formulas(seed):
    """The gradient of the penalised loss by autograd is what the update uses."""
    from core.training import Recipe
    from core.training.loop import penalised

    weights = torch.randn(50, generator=torch.Generator().manual_seed(seed), requires_grad=True)
    (0.3 * weights.abs().sum() + 0.7 / 2 * weights.square().sum()).backward()
    used = penalised(weights.detach(), torch.zeros(50), Recipe(l1=0.3, weight_decay=0.7))
    assert torch.allclose(used, weights.grad, atol=1e-6)


def test_all_views_can_be_drawn(comparison):
    shown = {"race": race_view(comparison)}
    for name, view in VIEWS.items():
        measured = view.measure(Setting(), seed=0)
        shown[name] = view.draw(measured, **defaults(view.looks(measured)))
    run = game(Problem(), 0)
    shown["stopped"] = VIEWS["Stop button"].draw(run, 9)
    for view in shown.values():
        for picture in (one for row in view.pictures for one in row):
            picture.plotly()
            assert len(picture.alt) > 40 and "nan" not in picture.alt
    game_shown = shown["Stop button"]
    assert game_shown.clicked({"x": 12.2}) == ((stop_of(run), 12),)
    assert game_shown.pictures[0][0].traces[0]["x"] == [], "the future is hidden at first"


def test_where_no_technique_helps_it_is_said(seeds):
    spread = np.linspace(0, 0.01, 4)
    scores = {name: spread + (0.9 if name == PLAIN else 0.6) for name in NAMES}
    said = Comparison({}, scores, {}, None).sentence()
    assert said.startswith("None of them helps here") and "30.0 points behind no regularization." in said
