"""What the page “Quantization and pruning” states of the digits network and of the learner's own, on fresh seeds."""

import itertools

import pytest
import torch
from programs_run import distance, results_of

from core.deployment.controls import CNN, DIGITS, PLAYGROUND, SHRUNK
from core.deployment.subjects import Playground
from core.jobs import start
from core.lessons.controls import defaults
from core.models.digits import recognizer
from core.topics.quantization_pruning import bits_views, channels_view, int8_views, pruning_views
from core.topics.quantization_pruning.activations import DYNAMIC, RANGES, STATIC, calibrated
from core.topics.quantization_pruning.bits import sensitivity, size_of, with_bits
from core.topics.quantization_pruning.candidates import (
    Candidate,
    asked,
    candidate,
    folded_network,
    layers_of,
    of_cnn,
    of_digits,
    of_playground,
)
from core.topics.quantization_pruning.channels import AT_ONCE, FRESH, NORM, measure, narrowed, products, tuned
from core.topics.quantization_pruning.conversion import EAGER, converted
from core.topics.quantization_pruning.sparsity import GLOBAL, LOCAL, RANDOM, SparseNetwork, curves_of, prune, timed

VIEWS = (bits_views.BITS_VIEW, bits_views.SENSITIVITY, int8_views.INT8, pruning_views.WEIGHTS_VIEW,
         channels_view.CHANNELS_VIEW)  # fmt: skip


def yours(seed: int) -> Candidate:
    """The playground's network as the page begins with it."""
    return asked(defaults(SHRUNK) | {"network": PLAYGROUND}, seed)


def both(seed: int) -> tuple[Candidate, Candidate]:
    return of_digits(seed), yours(seed)


# The networks ---------------------------------------------------------------------------------------------------------


def test_a_sequence_with_folded_norms_answers_as_the_shipped_network(seeds):
    for seed in seeds[:3]:
        x = of_digits(seed).x_test[:20]
        with torch.no_grad():
            assert torch.allclose(folded_network()(x), recognizer()[0](x), atol=1e-4)


def test_the_playgrounds_network_is_the_one_of_the_other_pages(seeds):
    for seed in seeds[:2]:
        for activation in ("tanh", "LeakyReLU", "linear"):
            found = of_playground("xor", 3, 5, activation, seed)
            model = Playground("xor", 3, 5, activation, seed=seed).model
            with torch.no_grad():
                assert torch.equal(found.model(found.x_test), model(found.x_test))


def test_it_is_judged_on_what_it_never_saw(seeds):
    for seed in seeds[:3]:
        for subject in (of_cnn(seed), *both(seed)):
            seen = {tuple(row.flatten().tolist()) for row in subject.x}
            assert not any(tuple(row.flatten().tolist()) in seen for row in subject.x_test)
            assert len(subject.y_test) >= 200 and subject.whole.share > 0.85


def test_the_same_settings_are_the_same_network_and_its_key_makes_it_again(seed):
    for subject in (of_cnn(seed), *both(seed)):
        assert candidate(*subject.key) is subject and subject.seed == seed
        assert tuple(subject.layers) == layers_of(subject.kind, subject.key[2])
        assert all(getattr(subject.model, name).weight is not None for name in subject.layers)


# What is said of them -------------------------------------------------------------------------------------------------


def test_eight_bits_cost_at_most_one_point(seeds):
    for seed in seeds[:4]:
        for subject in both(seed):
            for per_channel in (True, False):
                assert abs(with_bits(subject, dict.fromkeys(subject.layers, 8), per_channel).points) < 1.5


def test_int8_from_end_to_end_costs_at_most_one_point_once_enough_samples_were_seen(seeds):
    for seed in seeds[:3]:
        for subject in both(seed):
            found = calibrated(subject, 256, "all values", 8, 64)
            assert abs(found.cost) < 1.5
            assert abs(found.accuracies[DYNAMIC].share - found.accuracies[STATIC].share) < 0.015


def test_layers_with_folded_norms_must_not_compete(seeds):
    """Half of the digits network's weights at zero: its layers' own smallest, or the smallest of all."""
    for seed in seeds[:2]:
        half = {name: values[:, 2].mean() for name, values in curves_of(of_digits(seed)).items()}
        assert half[LOCAL] > half[GLOBAL] + 0.2 and half[LOCAL] > half[RANDOM] + 0.2


@pytest.mark.filterwarnings("ignore:Sparse CSR")  # torch says so once a process
def test_a_sparse_network_answers_as_the_dense_one_with_zeros(seed):
    for subject in both(seed):
        model = prune(subject.copied(), 0.6, LOCAL, seed)
        with torch.no_grad():
            assert torch.allclose(SparseNetwork(model)(subject.x_test[:20]), model(subject.x_test[:20]), atol=1e-3)


def test_sizes_and_multiplications_are_counted_by_hand(seed):
    subject = yours(seed)
    assert size_of(subject.model, dict.fromkeys(subject.layers, 32), True) == 4 * (16 + 64 + 16 + 8 + 8 + 2)
    assert products(subject.model, subject.x[:1]) == 16 + 64 + 16
    digits = of_digits(seed)
    pairs, places = [(1, 24), (24, 24), (24, 48), (48, 48), (48, 128), (128, 128)], [784, 784, 196, 196, 49, 49]
    by_hand = sum(9 * before * after * size for (before, after), size in zip(pairs, places, strict=True)) + 128 * 11
    assert products(digits.model, digits.x[:1]) == by_hand


def test_channels_and_units_are_really_gone(seed):
    digits, own = (narrowed(subject, 0.5, NORM) for subject in both(seed))
    assert [len(getattr(digits, name).weight) for name in layers_of(DIGITS, 0)] == [12, 12, 24, 24, 64, 64, 11]
    assert [len(getattr(own, name).weight) for name in layers_of(PLAYGROUND, 2)] == [4, 4, 2]
    for subject, model in zip(both(seed), (digits, own), strict=True):
        with torch.no_grad():
            assert model(subject.x_test[:3]).shape == subject.model(subject.x_test[:3]).shape


def test_the_challenges_can_be_met(seeds):
    """On one of a few seeds."""
    bits = {DIGITS: [(8, 3, 3, 3, 3, 3, 4), (8, 4, 3, 3, 3, 3, 4)], PLAYGROUND: [(6, 6, 6), (6, 4, 6), (8, 6, 4)]}
    subjects = [subject for seed in seeds[:4] for subject in both(seed)]
    for kind in (DIGITS, PLAYGROUND):
        these = [subject for subject in subjects if subject.kind == kind]
        rounded = (with_bits(each, dict(zip(each.layers, row, strict=True)), scales)
                   for each in these for row in bits[kind] for scales in (True, False))  # fmt: skip
        assert any(bits_views.goal(found, "").passed for found in rounded)
        ranges = (calibrated(each, 256, rule, int8_views.VALUES[kind], 64) for each in these for rule in RANGES)
        assert any(int8_views.goal(found, "").passed for found in ranges)
        shares = itertools.product(these, (0.1, 0.2, 0.3), (GLOBAL, LOCAL))
        pruned = (pruning_views.pruned(each, share, method, 1) for each, share, method in shares)
        assert any(pruning_views.goal(found).passed for found in pruned)
        assert not channels_view.goal(measure(these[0], 0.0, NORM, 1)).passed


def test_a_weak_spot_is_found_once_a_network_has_layers_to_spare(seeds):
    deep = [of_playground("spiral", 4, 16, "tanh", seed) for seed in seeds[:4]]
    for subjects, level in (([of_digits(seed) for seed in seeds[:2]], 3), (deep, 1)):
        treated = [sensitivity(each, "fewer bits", False) for each in subjects]
        assert any(bits_views.goal_sensitivity(found, level=level).passed for found in treated)
        assert not any(bits_views.goal_sensitivity(found, level=8).passed for found in treated)


# What is shown --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [DIGITS, PLAYGROUND])
@pytest.mark.parametrize("view", VIEWS, ids=["bits", "sensitivity", "int8", "weights", "channels"])
def test_every_view_shows_each_network_and_its_program_repeats_the_numbers(network, view, seed, tmp_path):
    found = view.measure(**defaults(view.controls) | {"network": network}, seed=seed)
    looks = defaults(view.looks(found))
    question = view.question(found, **looks)
    options = question.options
    assert not isinstance(options, (list, tuple)) or question.truth in options
    shown, earlier = view.draw(found, **looks), view.before(found, **looks)
    assert shown.pictures and shown.note and earlier.note and view.goal(found, **looks).text
    program = view.program(found, **looks)
    assert distance(results_of([program], tmp_path)[0], program.shown) < 1e-4


@pytest.mark.parametrize(("hidden_layers", "activation"), [(0, "tanh"), (6, "GELU")])
def test_a_network_of_any_depth_can_be_shown(hidden_layers, activation, seed):
    for view in VIEWS:
        chosen = {"network": PLAYGROUND, "hidden_layers": hidden_layers, "activation": activation}
        found = view.measure(**defaults(view.controls) | chosen, seed=seed)
        assert view.draw(found, **defaults(view.looks(found))).note


@pytest.mark.long
@pytest.mark.parametrize("network", [DIGITS, PLAYGROUND])
def test_the_jobs_work_on_each_network(network, seed):
    subject = of_digits(seed) if network == DIGITS else yours(seed)
    job = start(converted, subject.key, 64).wait(300)
    assert job.status == "done", job.error
    whole = job.result.accuracies[EAGER].share
    assert whole == subject.whole.share
    assert all(abs(each.share - whole) <= 0.01 for each in job.result.accuracies.values())
    assert int8_views.drawn_formats(job.result).tables
    job = start(timed, subject.key, 0.8, 256).wait(300)
    assert job.status == "done" and job.result.apart < 1e-3, job.error
    assert pruning_views.drawn_timed(job.result).tables
    job = start(tuned, subject.key, 0.2, NORM, 64).wait(600)
    assert job.status == "done", job.error
    assert FRESH not in job.result.last and "Only the small CNN" in channels_view.drawn_tuned(job.result).note
    assert job.result.last[AT_ONCE].share > measure(subject, 0.2, NORM, 64).after.share
    assert CNN not in subject.name
