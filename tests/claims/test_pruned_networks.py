"""What the page “Quantization and pruning” states of weights at zero, channels and tickets, on fresh seeds."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from core.deployment.clock import Latency
from core.deployment.controls import CNN
from core.deployment.small_cnn import small_cnn, taught
from core.jobs import start
from core.provenance import Measured
from core.topics.quantization_pruning import channels_view, pruning_views, tickets_view
from core.topics.quantization_pruning.candidates import layers_of, of_cnn
from core.topics.quantization_pruning.channels import (
    AT_ONCE,
    FRESH,
    IN_ROUNDS,
    NORM,
    RANDOM,
    measure,
    narrowed,
    products,
    ratio_for,
    tuned,
    weights_left,
    widths,
)
from core.topics.quantization_pruning.conversion import (
    in_safetensors,
)
from core.topics.quantization_pruning.sparsity import (
    DENSE,
    GLOBAL,
    LOCAL,
    NARROW,
    SPARSE,
    ZEROS,
    SparseNetwork,
    Timed,
    curves_of,
    masks_of,
    prune,
    pruned,
    timed,
    weights_of,
)
from core.topics.quantization_pruning.sparsity import RANDOM as RANDOM_WEIGHTS
from core.topics.quantization_pruning.tickets import (
    FRESH as NEW,
)
from core.topics.quantization_pruning.tickets import (
    KEPT,
    SHUFFLED,
    TICKET,
    WIDTHS,
    Tickets,
    answered,
    beginning,
    drawn_tickets,
    fresh,
    largest,
    learned,
    problem,
    shuffled,
)

LAYERS = layers_of(CNN, 0)


# Weights at zero ------------------------------------------------------------------------------------------------------


def test_masks_are_torchs(seeds):
    for seed in seeds[:4]:
        model = of_cnn(seed).copied()
        weights = {name: getattr(model, name).weight.detach().clone() for name in LAYERS}
        ours = masks_of(weights, 0.7, GLOBAL, seed)
        torch_prune.global_unstructured([(getattr(model, name), "weight") for name in LAYERS],
                                        torch_prune.L1Unstructured, amount=0.7)  # fmt: skip
        assert all(torch.equal(ours[name], getattr(model, name).weight_mask > 0) for name in LAYERS)
        for name, mask in masks_of(weights, 0.3, LOCAL, seed).items():
            theirs = torch_prune.L1Unstructured(amount=0.3).compute_mask(weights[name], torch.ones_like(weights[name]))
            assert torch.equal(mask, theirs > 0)
        count = sum(int(mask.sum()) for mask in masks_of(weights, 0.5, RANDOM_WEIGHTS, seed).values())
        assert count == sum(weight.numel() for weight in weights.values()) / 2


def test_the_smallest_of_all_cost_less_than_those_of_each_layer_and_these_less_than_random_ones(seeds):
    """Half of the weights at zero, without training again."""
    for seed in seeds[:4]:
        half = {name: values[:, 2].mean() for name, values in curves_of(of_cnn(seed)).items()}
        assert half[GLOBAL] >= half[LOCAL] - 0.01 and half[LOCAL] > half[RANDOM_WEIGHTS] + 0.1


def test_zeros_change_no_size_until_they_are_left_out(seed):
    none, most = (pruned(of_cnn(seed), share, GLOBAL, 1) for share in (0.0, 0.9))
    assert none.sizes["all numbers"] == most.sizes["all numbers"]
    assert most.sizes["zipped"] < 0.3 * none.sizes["zipped"]
    assert most.sizes["places and values (CSR)"] < 0.25 * none.sizes["all numbers"]
    assert none.sizes["places and values (CSR)"] > none.sizes["all numbers"], "places cost more than zeros save"


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_a_sparse_network_answers_as_the_dense_one_with_zeros(seeds):
    for seed in seeds[:2]:
        model = prune(of_cnn(seed).copied(), 0.9, GLOBAL, seed)
        x = of_cnn(seed).x_test[:50]
        assert torch.allclose(SparseNetwork(model)(x), model(x), atol=1e-4)


def test_zeros_are_multiplied_as_other_numbers_are(seed):
    """The same operations on the same shapes: what the clock shows is counted here, a channel less is less work."""
    from torch.utils.flop_counter import FlopCounterMode

    subject = of_cnn(seed)

    def work(model: nn.Module) -> int:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            model(subject.x_test[:1])
        return counter.get_total_flops()

    zeros = prune(subject.copied(), 0.9, GLOBAL, seed)
    narrow = narrowed(of_cnn(seed), 0.5, NORM)
    assert work(zeros) == work(subject.model) == 2 * products(subject.model, subject.x[:1])
    assert work(narrow) == 2 * products(narrow, subject.x[:1]) < 0.35 * work(subject.model)


@pytest.mark.long
def test_the_weights_challenge_can_be_met(seeds):
    goals = [pruning_views.goal(pruned(of_cnn(seed), 0.7, GLOBAL, 1)) for seed in seeds[:6]]
    assert any(goal.passed for goal in goals) and not pruning_views.goal(pruned(of_cnn(seeds[0]), 0.8, LOCAL, 1)).passed


def test_the_clock_job_times_four_networks_of_comparable_weights(seed):
    job = start(timed, of_cnn(seed).key, 0.9, 1).wait(200)
    assert job.status == "done", job.error
    found = job.result
    assert len(found.latencies) == 4 and all(each.median > 0 for each in found.latencies.values())
    zeros = prune(of_cnn(seed).copied(), 0.9, GLOBAL, seed)
    assert found.weights[SPARSE] == sum(int(weight.count_nonzero()) for weight in weights_of(zeros))
    assert found.weights["channels removed"] == pytest.approx(found.weights[SPARSE], rel=0.35)
    assert found.apart < 1e-3
    asked = pruning_views.asked_timed(found)
    assert asked.truth in asked.options and pruning_views.drawn_timed(found).pictures
    assert not pruning_views.goal_timed(None).passed


def test_what_pruned_weights_are_worth_is_explained_as_it_was_measured(seed):
    """By size and cheaply, by size and at a cost, and at random: each has its own reason."""
    subject, cheap = of_cnn(seed), []
    for share, method in ((0.02, LOCAL), (0.98, LOCAL), (0.02, GLOBAL), (0.98, GLOBAL), (0.5, RANDOM_WEIGHTS)):
        found = pruned(subject, share, method, 1)
        because = pruning_views.question(found).because
        costs = 100 * (found.before.share - found.after.share) > pruning_views.NEAR
        assert ("large ones too" in because) == (method == RANDOM_WEIGHTS)
        assert ("Layers can compete" in because) == (method == GLOBAL)
        if method != RANDOM_WEIGHTS:
            cheap.append(not costs)
            assert ("so many of them are missed" in because) == costs
    assert set(cheap) == {True, False}


def test_the_fastest_of_three_is_given_its_own_reason():
    words = {ZEROS: "one large block is quick", SPARSE: "so few weights left", NARROW: "smaller blocks are less work"}
    for best, said in words.items():
        latencies = {name: Latency(np.full(9, 1.0 if name == best else 2.0)) for name in (DENSE, *words)}
        found = Timed(0.9, 1, latencies, dict.fromkeys(latencies, 1), 0.0, Measured((0,), 0.0))
        asked = pruning_views.asked_timed(found)
        assert asked.truth == best and said in asked.because
        assert [other for other, each in words.items() if each in asked.because] == [best]


# Channels -------------------------------------------------------------------------------------------------------------


def test_channels_are_really_gone(seeds):
    for seed in seeds[:3]:
        for importance in (NORM, RANDOM):
            model = narrowed(of_cnn(seed), 0.5, importance)
            assert list(widths(model).values()) == [8, 16, 32, 10]
            assert model.conv2.weight.shape == (16, 8, 3, 3) and model.output.weight.shape == (10, 128)
            assert model(of_cnn(seed).x_test[:3]).shape == (3, 10)


def test_what_is_left_are_the_old_weights(seed):
    old, new = of_cnn(seed).model, narrowed(of_cnn(seed), 0.5, NORM)
    rows = {tuple(row.flatten().tolist()) for row in old.conv1.weight.detach()}
    assert all(tuple(row.flatten().tolist()) in rows for row in new.conv1.weight.detach())


def test_half_the_channels_leave_about_a_quarter(seeds):
    for seed in seeds[:2]:
        found = measure(of_cnn(seed), 0.5, NORM, 1)
        assert 0.2 < found.sizes[1] / found.sizes[0] < 0.3 and 0.2 < found.products[1] / found.products[0] < 0.3
        assert found.sizes[0] == in_safetensors(of_cnn(seed).model.state_dict())


def test_random_channels_are_the_same_for_the_same_seed_and_leave_torchs_randomness_alone(seed):
    of_cnn(seed)  # once it is there, nothing draws from torch's own randomness
    torch.manual_seed(seed)
    expected = torch.rand(3)
    torch.manual_seed(seed)
    first, second = (narrowed(of_cnn(seed), 0.5, RANDOM) for _ in range(2))
    assert torch.equal(first.conv3.weight, second.conv3.weight) and torch.equal(torch.rand(3), expected)


def test_as_many_weights_are_left_as_asked_for():
    subject = of_cnn(0)
    for kept in (0.1, 0.25, 0.5, 0.75):
        assert weights_left(subject, ratio_for(subject, kept)) / weights_left(subject) == pytest.approx(kept, abs=0.03)


def test_the_channels_challenge_can_be_met(seeds):
    goals = [channels_view.goal(measure(of_cnn(seed), 0.35, importance, 1))
             for seed in seeds[:5] for importance in (NORM, RANDOM)]  # fmt: skip
    assert any(goal.passed for goal in goals)


@pytest.mark.long
def test_fine_tuning_brings_most_of_it_back(seed):
    job = start(tuned, of_cnn(seed).key, 0.5, NORM, 64).wait(250)
    assert job.status == "done", job.error
    found = job.result
    assert len(found.steps) == len(found.curves[IN_ROUNDS]) and found.steps[-1] == len(found.curves[AT_ONCE]) - 1
    assert found.curves[AT_ONCE][0] == measure(of_cnn(seed), 0.5, NORM, 64).after.share
    for name in (AT_ONCE, IN_ROUNDS, FRESH):
        assert found.last[name].share > found.before.share - 0.05
    assert channels_view.asked_tuned(found).truth in channels_view.BACK
    assert len(channels_view.drawn_tuned(found).pictures) == 2 and not channels_view.goal_tuned(None).passed


# Lottery tickets ------------------------------------------------------------------------------------------------------


def test_a_stack_learns_as_torchs_own_modules(seed):
    x, y, _, _ = problem(seed)
    first = fresh(WIDTHS, [seed, seed + 1])
    masks = shuffled(largest(first, [torch.ones_like(layer) for layer in first], 0.5), [seed, seed + 1])
    ours = learned(first, masks, x[:96], y[:96], 2, [3, 4])
    model = nn.Sequential(*[part for inputs, outputs in itertools.pairwise(WIDTHS)
                            for part in (nn.Linear(inputs, outputs, bias=False), nn.ReLU())][:-1])  # fmt: skip
    layers = [part for part in model if isinstance(part, nn.Linear)]
    for part, layer, mask in zip(layers, first, masks, strict=True):
        part.weight.data = layer[1].clone()
        torch_prune.custom_from_mask(part, "weight", mask[1])
    optimizer, draw = torch.optim.Adam(model.parameters(), lr=0.005), torch.Generator().manual_seed(4)
    for _ in range(2):
        for batch in torch.randperm(96, generator=draw).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    assert torch.allclose(model(x), answered(ours, x)[1], atol=1e-3)


def test_each_round_takes_its_share_of_what_is_left_and_never_gives_back(seed):
    weights = fresh(WIDTHS, [seed, seed + 1])
    masks = [torch.ones_like(layer) for layer in weights]
    for _ in range(4):
        before, masks = masks, largest(weights, masks, 0.4)
        for old, new in zip(before, masks, strict=True):
            assert ((new <= old).all()) and new[0].sum() == pytest.approx(0.6 * old[0].sum(), abs=1)
            assert new[0].sum() == new[1].sum() == shuffled([new], [1, 2])[0][1].sum()


@pytest.mark.long
def test_a_rewound_ticket_beats_new_weights_and_random_places(seeds):
    """With 13 % of the weights left, the mean over the networks of a seed; fine-tuning is near it, on either side."""
    for seed in seeds[:5]:
        job = start(drawn_tickets, 0.4, 0, seed).wait(250)
        assert job.status == "done", job.error
        found, place = job.result, tickets_view.middle(job.result)
        means = {name: values[:, place].mean() for name, values in found.scores.items()}
        assert means[TICKET] > means[NEW] + 0.02 and means[TICKET] > means[SHUFFLED] + 0.02
        assert abs(means[KEPT] - means[TICKET]) < 0.08
        assert means[TICKET] > found.beginning.untrained[:, place].mean() + 0.2
        assert tickets_view.asked_variants(found).truth in found.scores
        assert tickets_view.drawn_variants(found).pictures and not tickets_view.goal_variants(None).passed


def test_the_ticket_challenge_of_pruning_alone_can_be_met_and_is_not_at_first(seeds):
    assert not any(tickets_view.goal(beginning(0.4, 0, seed)).passed for seed in seeds[:2])
    tries = itertools.product(seeds[:8], (0.2, 0.3, 0.5))
    assert any(tickets_view.goal(beginning(rate, 0, seed)).passed for seed, rate in tries)


def test_a_ticket_wins_and_pruning_is_missed_only_where_scores_say_so(seeds):
    gentle, hard = beginning(0.2, 0, seeds[0]), beginning(0.5, 0, seeds[0])
    for found in (gentle, hard, replace(gentle, untrained=np.ones_like(gentle.untrained))):
        asked = tickets_view.question(found)
        falls = (found.untrained.mean(axis=0) < found.whole.mean() - 0.05).any()
        assert ("what is cut off then is missed" in asked.because) == falls == (asked.truth != tickets_view.NEVER)
    for best in (TICKET, KEPT, NEW, SHUFFLED):
        scores = {name: np.full_like(hard.untrained, 0.9 if name == best else 0.8) for name in tickets_view.VARIANTS}
        asked = tickets_view.asked_variants(Tickets(hard, scores, hard.source))
        assert asked.truth == best and ("no ticket wins" in asked.because) == (best in (NEW, SHUFFLED))
        assert ("a winning ticket" in asked.because) == (best in (TICKET, KEPT))


def test_networks_are_trained_again_the_same(seed):
    one, other = (taught(small_cnn((2, 3, 4), seed), *problem_images(seed), 1, 0.01, seed) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def problem_images(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A few of the digits."""
    return of_cnn(seed).x[:64], of_cnn(seed).y[:64]
