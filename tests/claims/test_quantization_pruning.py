"""What the page “Quantization and pruning” states of bits and int8, on fresh seeds, held against torch's own."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch.nn.utils import prune as torch_prune

from core.deployment.clock import Latency, in_turns
from core.deployment.controls import CNN
from core.deployment.small_cnn import small_cnn
from core.jobs import start
from core.topics.quantization_pruning import bits_views, int8_views
from core.topics.quantization_pruning.activations import DYNAMIC, RANGES, STATIC, affine, calibrated, through
from core.topics.quantization_pruning.bits import emptied, rounded, sensitivity, size_of, with_bits
from core.topics.quantization_pruning.candidates import Accuracy, by_the_clock, judged, layers_of, of_cnn
from core.topics.quantization_pruning.conversion import (
    EAGER,
    ONNX,
    ONNX_DYNAMIC,
    ONNX_STATIC,
    PT2E,
    TORCHAO,
    Converted,
    converted,
    fixed,
)

LAYERS = layers_of(CNN, 0)
ALL = dict.fromkeys(LAYERS, 8)


def latency(*milliseconds: float) -> Latency:
    return Latency(np.array(milliseconds))


# Bits -----------------------------------------------------------------------------------------------------------------


def test_eight_bits_cost_at_most_one_point(seeds):
    for seed in seeds[:4]:
        for per_channel in (True, False):
            assert abs(with_bits(of_cnn(seed), ALL, per_channel).points) <= 1


def test_eight_bits_shrink_the_weights_almost_four_times(seed):
    found = with_bits(of_cnn(seed), ALL, True)
    assert 3.7 < found.size_before / found.size < 4


def test_rounding_is_torchs(seeds):
    for seed in seeds:
        draw = torch.Generator().manual_seed(seed)
        weight = torch.randn(6, 3, 3, 3, generator=draw)
        for bits in (2, 3, 4, 6, 8):
            most = 2 ** (bits - 1) - 1
            scales = weight.abs().amax((1, 2, 3)) / most
            theirs = torch.fake_quantize_per_channel_affine(weight, scales, torch.zeros(6, dtype=torch.int32), 0, -most,
                                                            most)  # fmt: skip
            assert torch.allclose(rounded(weight, bits, True), theirs, atol=1e-6)
            whole = float(weight.abs().max()) / most
            theirs = torch.fake_quantize_per_tensor_affine(weight, whole, 0, -most, most)
            assert torch.allclose(rounded(weight, bits, False), theirs, atol=1e-6)


def test_an_error_is_half_a_step_at_most_and_one_bit_keeps_signs_and_mean_size(seeds):
    for seed in seeds[:5]:
        weight = torch.randn(5, 7, generator=torch.Generator().manual_seed(seed))
        for bits in (2, 3, 4, 6, 8, 16):
            step = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
            assert ((rounded(weight, bits, True) - weight).abs() <= step / 2 + 1e-6).all()
        once = rounded(weight, 1, True)
        assert torch.equal(once.sign(), weight.sign()) and torch.allclose(once.abs().mean(1), weight.abs().mean(1))
    assert not rounded(torch.zeros(2, 3), 4, True).any()


def test_bits_are_counted_by_hand(seed):
    model = small_cnn((2, 3, 4), seed)
    counts = {"conv1": 18, "conv2": 54, "conv3": 108, "output": 160}
    bits = {"conv1": 8, "conv2": 4, "conv3": 1, "output": 32}
    by_hand = 18 + 27 + 13.5 + 640 + 4 * (2 + 3 + 4) + 4 * (2 + 3 + 4 + 10)
    assert {name: getattr(model, name).weight.numel() for name in counts} == counts
    assert size_of(model, bits, True) == round(by_hand)


def test_the_first_challenge_can_be_met(seeds):
    """With some mixture of few bits, on one of a few seeds."""
    mixtures = [dict(zip(LAYERS, each, strict=True)) for each in itertools.product((3, 4), (3, 4), (1, 2, 3), (3, 4))]
    goals = (bits_views.goal(with_bits(of_cnn(seed), each, True), "") for seed in seeds[:3] for each in mixtures)
    assert any(goal.passed for goal in goals)


def test_sensitivity_is_what_rounding_one_layer_in_a_copy_gives(seed):
    subject, found = of_cnn(seed), sensitivity(of_cnn(seed), "fewer bits", False)
    for name in LAYERS:
        model = subject.copied()
        layer = getattr(model, name)
        layer.weight.data = rounded(layer.weight.data, 3, False)
        assert found.accuracies[LAYERS.index(name), 2] == judged(model, subject).share
    empty = sensitivity(of_cnn(seed), "small weights to zero", False)
    with torch.no_grad():
        weight = emptied(subject.model.conv2.weight, 0.9)
    kept = torch_prune.L1Unstructured(amount=0.9).compute_mask(subject.model.conv2.weight, torch.ones_like(weight))
    assert torch.equal(weight != 0, kept > 0) and empty.accuracies.shape == (4, 6)


def test_the_second_challenge_can_be_met(seeds):
    goals = [
        bits_views.goal_sensitivity(found, level=level)
        for seed in seeds[:3]
        for found in (
            sensitivity(of_cnn(seed), "fewer bits", False),
            sensitivity(of_cnn(seed), "small weights to zero", True),
        )
        for level in found.levels
    ]
    assert any(goal.passed for goal in goals) and not all(goal.passed for goal in goals)


# Int8 -----------------------------------------------------------------------------------------------------------------


def test_integers_between_layers_are_torchs(seeds):
    for seed in seeds:
        x = 3 * torch.randn(500, generator=torch.Generator().manual_seed(seed))
        low, high = (float(end) for end in x.quantile(torch.tensor([0.02, 0.97])))
        for bits in (2, 4, 8):
            scale, zero = affine(low, high, bits)
            theirs = torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, 2**bits - 1)
            assert torch.allclose(through(x, low, high, bits), theirs, atol=1e-5)
        assert through(torch.zeros(1), low, high, 8) == 0, "a zero stays a zero"


def test_int8_from_end_to_end_costs_at_most_one_point(seeds):
    for seed in seeds[:4]:
        for images in (16, 256):
            found = calibrated(of_cnn(seed), images, "all values", 8, 64)
            assert abs(found.cost) <= 1
            assert abs(found.accuracies[DYNAMIC].share - found.accuracies[STATIC].share) < 0.01


def test_more_calibration_images_clip_less(seeds):
    for seed in seeds[:3]:
        few, many = (sum(calibrated(of_cnn(seed), images, "all values", 8, 64).clipped.values()) for images in (1, 256))
        assert many < few


def test_the_int8_challenge_can_be_met(seeds):
    goals = [int8_views.goal(calibrated(of_cnn(seed), images, rule, 2, 64), "")
             for seed in seeds[:3] for images in (16, 256) for rule in RANGES]  # fmt: skip
    assert any(goal.passed for goal in goals)


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 64])
def test_the_tools_formats_agree_with_float32(seed, batch):
    """Made by torchao, PT2E and ONNX Runtime in a process of its own; every format within a point of float32."""
    job = start(converted, of_cnn(seed).key, batch).wait(300)
    assert job.status == "done", job.error
    found = job.result
    whole = found.accuracies[EAGER].share
    assert whole == judged(of_cnn(seed).model, of_cnn(seed)).share == found.accuracies[ONNX].share
    assert all(abs(each.share - whole) <= 0.01 for each in found.accuracies.values())
    assert {TORCHAO, ONNX_DYNAMIC, ONNX_STATIC} <= set(found.sizes)
    for name in {PT2E, ONNX_DYNAMIC, ONNX_STATIC} & set(found.sizes):
        assert found.sizes[name] < 0.45 * found.sizes[EAGER]
    assert len(int8_views.drawn_formats(found).pictures) == 1
    asked = int8_views.asked_formats(found)
    assert asked.truth in asked.options


def test_faster_is_said_only_where_intervals_of_medians_are_apart(seed):
    draw = np.random.default_rng(seed)
    same, fast = (Latency(draw.normal(mean, 0.1, 120)) for mean in (10, 5))
    accuracy = dict.fromkeys((EAGER, TORCHAO, ONNX), Accuracy(9, 10))
    latencies = {EAGER: Latency(draw.normal(10, 0.1, 120)), TORCHAO: fast, ONNX: same}
    found = Converted(1, accuracy, dict.fromkeys(accuracy, 1), latencies, {PT2E: "no compiler"}, by_the_clock(0, 0.0))
    assert int8_views.compared(found, EAGER, TORCHAO) == int8_views.FASTER
    assert int8_views.compared(found, TORCHAO, EAGER) == int8_views.SLOWER
    assert int8_views.compared(found, EAGER, EAGER) == int8_views.SAME
    shown = int8_views.drawn_formats(found)
    assert int8_views.made(found) == [(EAGER, TORCHAO)] and "no compiler" in shown.note
    assert "text" not in shown.pictures[0][0].traces[0]  # a bar prints its text, over the calls
    ratio = latencies[EAGER].median / fast.median
    assert f"*{TORCHAO}* is **{ratio:.3g} times as fast** as float32" in shown.note
    turned = dataclasses.replace(found, latencies={EAGER: fast, TORCHAO: latencies[EAGER], ONNX: same})
    assert f"*{TORCHAO}* is **{ratio:.3g} times as slow** as float32" in int8_views.drawn_formats(turned).note


def test_the_median_and_its_interval(seeds):
    """The interval holds the true median about as often as it says."""
    held = 0
    for seed in seeds:
        for repeat in range(20):
            draw = np.random.default_rng([seed, repeat])
            low, high = Latency(draw.exponential(1.0, 120)).middle
            held += low <= np.log(2) <= high
    assert held / (20 * len(seeds)) > 0.9
    assert latency(3, 1, 2).median == 2 and latency(*range(101)).p95 == 95


def test_calls_are_timed_in_turns():
    order: list[str] = []
    rounds = list(in_turns({name: lambda name=name: order.append(name) for name in "ab"}, 2, each=2))
    assert "".join(order) == "aaaaabbbbb" + 2 * "aaabbb"
    assert all(len(each.milliseconds) == 4 and (each.milliseconds >= 0).all() for each in rounds[-1].values())


def test_batches_of_one_size_hold_all_images(seed):
    x = torch.randn(10, 2, generator=torch.Generator().manual_seed(seed))
    for batch in (1, 3, 4, 10, 16):
        parts = fixed(x, batch)
        assert {len(part) for part in parts} == {batch} and torch.equal(torch.cat(parts)[:10], x)


def test_layers_that_cost_nothing_are_not_ranked_and_clipping_is_blamed_where_it_costs(seed):
    found = sensitivity(of_cnn(seed), "fewer bits", True)
    harmless = dataclasses.replace(found, answers=np.broadcast_to(found.whole, found.answers.shape))
    look = {"bits_of_that_layer": found.levels[-1]}
    assert "no layer costs anything" in bits_views.drawn_sensitivity(harmless, **look).note
    assert bits_views.asked_sensitivity(harmless, **look).truth == bits_views.NONE
    for images, bits in ((256, 8), (1, 1)):
        found = calibrated(of_cnn(seed), images, next(iter(RANGES)), bits, 64)
        asked = int8_views.question(found, "")
        assert (
            (found.cost > 1) == (bits == 1) == ("not enough" in asked.because) == (asked.truth != int8_views.COSTS[0])
        )
