"""What the page “What deep learning is” states."""

import torch
from pages_under_test import opened, watched
from sklearn.linear_model import LogisticRegression

from core.data import circle, spiral
from core.lessons import curriculum
from core.models import MLP
from core.probes.layers import activations
from core.probes.linear import layer_accuracies
from core.training import Recipe, train


def trained(data, depth, units, seed):
    model = MLP(2, *[units] * depth, 2, activation="tanh", seed=seed)
    return train(model, data, Recipe(epochs=150, learning_rate=0.02, seed=seed, frames=4))


def test_on_the_raw_spiral_a_line_is_right_two_times_in_three_and_with_depth_the_classes_come_apart(seeds):
    """In every training they come further apart; in nine of ten, almost wholly: one may have got stuck."""
    raw, last = [], []
    for seed in seeds[:10]:
        run = trained(spiral(seed=seed), 4, 12, seed)
        accuracies = layer_accuracies(run.at(), run.data)
        raw.append(accuracies[0])
        last.append(accuracies[-1])
        assert accuracies[-1] >= accuracies[0] + 0.1
        assert accuracies[-1] >= accuracies[1] - 0.01, "the last hidden layer is at least as separable as the first"
    assert sum(last) / len(last) >= sum(raw) / len(raw) + 0.2
    assert sum(each >= 0.9 for each in last) >= 9, last
    assert abs(sum(raw) / len(raw) - 2 / 3) < 0.07 and max(raw) < 0.8, raw


def test_probe_accuracy_rises_with_depth_on_average(seeds):
    rows = []
    for seed in seeds[:8]:
        run = trained(spiral(seed=seed), 4, 8, seed)
        rows.append(layer_accuracies(run.at(), run.data))
    means = torch.tensor(rows).mean(dim=0)
    assert (means[1:].diff() > -0.01).all() and means[-1] > means[0] + 0.2, means
    assert means[1] > means[0] - 0.05, "one layer of eight units has hardly begun"


def test_the_probe_is_what_scikit_learn_calls_logistic_regression(seed):
    run = trained(circle(seed=seed), 2, 6, seed)
    for layer in range(2):
        seen = activations(run.at(), run.data.x)[layer].numpy()
        held_out = activations(run.at(), run.data.x_test)[layer].numpy()
        oracle = LogisticRegression(max_iter=2000).fit(seen, run.data.y).score(held_out, run.data.y_test)
        assert abs(layer_accuracies(run.at(), run.data)[layer + 1] - oracle) <= 0.03


def test_the_challenge_can_be_met(seeds):
    assert any(trained(spiral(seed=seed), 2, 10, seed).last.test_score >= 0.95 for seed in seeds)


def test_depth_is_praised_only_where_the_last_layer_keeps_what_was_untangled():
    """At the page's first settings, and with layers of two units."""
    topic, praised = curriculum.topic("what-is-deep-learning"), []
    for depth, units in ((4, 12), (6, 2)):
        with watched() as shown:
            opened(topic, {f"{topic.key}.units_per_layer": units, f"{topic.key}.hidden_layers": depth})
        (asked,) = shown.questions
        run = trained(spiral(seed=0), depth, units, 0)
        accuracies = layer_accuracies(run.at(), run.data)
        praised.append(accuracies[-1] >= max(accuracies) - 0.005)
        assert ("already untangled" in asked.because) == praised[-1] == (asked.truth == "the last hidden layer")
    assert praised == [True, False]
