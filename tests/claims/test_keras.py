"""What the page “Keras” states, on fresh seeds."""

import ast
import functools
import inspect

import numpy as np
import pytest
import torch
from torch import nn

from core.jobs import extras
from core.lessons.controls import defaults as first_values
from core.lessons.record import finished
from core.programs.sources import source_of
from core.topics.keras import defaults, words
from core.topics.keras.defaults import DEFAULTS, differed
from core.topics.keras.fitting import LOOP, MATCHED, OWN, RULES, fitted, with_fit
from core.topics.keras.loading import keras_on_torch
from core.topics.keras.networks import ALIGNED, Network, by_hand, carried, fresh, keras_network
from core.topics.keras.views import VIEWS
from core.topics.keras.ways import CARRIES, COMPLETE, FORMULAS, KERAS, MODULE, RAW, WHOLE, hand_and_module, three


@functools.cache
def both(optimizer: str, learning_rate: float, seed: int):
    """The loop and the two fits, computed once."""
    return finished(with_fit(fitted(optimizer, learning_rate, seed)))


def test_three_ways_agree(seeds):
    for seed, units in zip(seeds, (16, 32, 64, 128), strict=False):
        found = three(units, 3, COMPLETE, seed)
        assert found.apart(RAW).max() < 2e-5 and found.apart(KERAS).max() < 2e-5
        assert np.median(found.apart(KERAS)) < 1e-5 and found.agreement(KERAS) == 1


def test_untrained_outputs_agree_to_a_hundred_thousandth(seeds):
    for seed in seeds[:5]:
        generator = torch.Generator().manual_seed(seed)
        model, x = fresh(32, seed).eval(), torch.rand(50, 64, generator=generator)
        model.norm.running_mean = torch.rand(32, generator=generator)
        model.norm.running_var = 0.5 + torch.rand(32, generator=generator)
        network = keras_network(32, 1e-5, 0.9)
        weights = {name: value.detach() for name, value in model.state_dict().items()}
        network.set_weights(carried(weights))
        with torch.no_grad():
            answers = model(x), by_hand(x, weights), network(x, training=False)
        assert all((answer - answers[0]).abs().max() < 1e-5 for answer in answers)


def test_each_way_of_carrying_counts(seeds):
    for seed in seeds[:3]:
        assert three(32, 3, CARRIES[1], seed).apart(KERAS).max() > 1e-4
        assert three(32, 3, "without running statistics", seed).apart(KERAS).max() > 0.1
        assert three(32, 3, "not transposed", seed).said
        assert three(64, 3, "not transposed", seed).apart(KERAS).max() > 1


def test_matched_fit_is_the_loop_and_own_defaults_are_not(seed):
    later = []
    for optimizer in RULES:
        found = both(optimizer, 0.01, seed)
        assert found.apart(MATCHED) < 0.02, optimizer
        assert found.apart(MATCHED) < found.apart(OWN), optimizer
        assert found.variances[LOOP] / found.variances[MATCHED] == pytest.approx(20 / 19, rel=0.03)
        later.append(found.histories[OWN][0, 2] - found.histories[LOOP][0, 2])
    assert np.mean(later) < 0, "held-out accuracy after the first epoch, over the optimizers"


def test_defaults_are_those_of_the_libraries():
    keras = keras_on_torch()
    norm = inspect.signature(keras.layers.BatchNormalization.__init__).parameters
    assert norm["epsilon"].default == 1e-3 and norm["momentum"].default == 0.99
    assert inspect.signature(keras.optimizers.Adam.__init__).parameters["epsilon"].default == 1e-7
    assert inspect.signature(keras.optimizers.RMSprop.__init__).parameters["rho"].default == 0.9
    assert inspect.signature(keras.layers.LeakyReLU.__init__).parameters["negative_slope"].default == 0.3
    assert inspect.signature(keras.layers.Dense.__init__).parameters["kernel_initializer"].default == "glorot_uniform"
    assert nn.BatchNorm1d(1).eps == 1e-5 and nn.BatchNorm1d(1).momentum == 0.1
    assert inspect.signature(torch.optim.Adam.__init__).parameters["eps"].default == 1e-8
    assert inspect.signature(torch.optim.RMSprop.__init__).parameters["alpha"].default == 0.99


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_default_differs_and_can_be_matched(name, seeds):
    for seed in seeds[:2]:
        assert not differed(name, DEFAULTS[name].control.value, seed).agrees
        assert differed(name, DEFAULTS[name].match, seed).agrees


def test_the_same_number_is_not_the_same_adam(seed):
    assert not differed("Adam: epsilon", 1e-8, seed).agrees
    _, ours, theirs = defaults.adam_epsilon(1e-8, seed)
    assert ours[0] / theirs[0] == pytest.approx(1 / np.sqrt(0.001), rel=0.01)


def test_every_aligned_line_stands_in_the_code_that_is_run():
    sources = [source_of(by_hand), source_of(Network), source_of(keras_network)]
    for _, *lines in ALIGNED:
        assert all(line in text for line, text in zip(lines, sources, strict=True)), lines


def test_keras_words_exist():
    keras = keras_on_torch()
    for _, _, word, _ in words.WORDS:
        if word.startswith("keras."):
            functools.reduce(getattr, word.partition("(")[0].split(".")[1:], keras)


def test_tensorflows_program_is_python_and_says_what_the_table_says():
    found = words.translated(0.1, 10, 3)
    used = {ast.unparse(node) for node in ast.walk(ast.parse(found.text)) if isinstance(node, ast.Attribute)}
    for word in ("tf.Variable", "tf.constant", "tf.GradientTape", "tf.matmul", "tf.nn.relu", "tf.function"):
        assert word in used and any(word in row[3] for row in words.WORDS)


@pytest.mark.long
@pytest.mark.skipif(extras.interpreter(words.PACKAGE) is None, reason="make extras brings TensorFlow")
def test_tensorflow_gets_pytorchs_losses_and_knows_its_words(seed):
    found = finished(words.with_tensorflow(words.translated(0.3, 20, seed)))
    assert np.allclose(*found.losses.values(), atol=1e-4)
    names = sorted({word.partition("(")[0] for *_, word in words.WORDS if word.startswith("tf.")})
    code = f"import functools, tensorflow\nfor name in {[name.split('.')[1:] for name in names]!r}:"
    code += "\n    functools.reduce(getattr, name, tensorflow)\nprint(1)"
    assert finished(extras.in_extras((words.PACKAGE,), code, {}, "looking"))


def test_the_challenges_are_open_at_first_and_can_be_met(seeds):
    for seed in seeds[:2]:
        for name in ("By hand", "Three ways", "Defaults", "TensorFlow's words"):
            view = VIEWS[name]
            found = view.measure(**first_values(view.controls), seed=seed)
            assert not view.goal(found, **first_values(view.looks(found))).passed, name
        wrong = [
            hand_and_module(units, 10, name, seed) for units in (16, 64, 128) for name in FORMULAS if name != WHOLE
        ]
        assert any(VIEWS["By hand"].goal(each, 1).passed for each in wrong)
        assert VIEWS["Three ways"].goal(three(64, 3, "not transposed", seed), 1).passed
        assert VIEWS["Defaults"].goal(differed("Batch norm: momentum", 0.9, seed)).passed
        assert VIEWS["TensorFlow's words"].goal(words.translated(1.0, 40, seed)).passed
    later = VIEWS["Fit and loop"].later
    assert any(later.goal(both(optimizer, 0.1, seeds[0])).passed for optimizer in ("RMSprop", "Adagrad", "Adam"))


def test_wrong_formulas_are_seen(seeds):
    for seed in seeds[:3]:
        assert hand_and_module(32, 3, "no batch norm", seed).apart(RAW).max() > 0.1
        assert hand_and_module(32, 3, WHOLE, seed).score(MODULE) > 0.6
