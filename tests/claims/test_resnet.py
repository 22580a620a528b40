"""What the page “Residual networks” states."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.lessons.controls import defaults
from core.lessons.record import finished
from core.models.resnet import Block, ResNet
from core.probes.certainty import interval
from core.probes.luck import differs
from core.topics.resnet import (
    deletion_view,
    depth_view,
    digits_view,
    gradients_view,
    paths_view,
    surface_view,
    why_view,
)
from core.topics.resnet.deletion import ORDERS, REVERSED, SWAPPED, answers, movable, order_of, right, without_each
from core.topics.resnet.digits import Plan, trained_pair
from core.topics.resnet.gradients import by_kernels, reached
from core.topics.resnet.identity import deepened
from core.topics.resnet.networks import DEPTHS, KINDS, PLAIN, RATE, RATES, RESIDUAL, network, pictures, standardised
from core.topics.resnet.paths import by_length, carried, single_paths, with_statistics
from core.topics.resnet.record import COUNTS, POINTS, recorded
from core.topics.resnet.surface import direction, loss_at, surface
from core.topics.resnet.views import VIEWS
from core.topics.resnet.why import possible, sheet_loss


def noise(seed: int, count: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Random pictures and classes."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 1, 14, 14, generator=generator), torch.randint(10, (count,), generator=generator)


def ready(depth: int, seed: int, kind: str = RESIDUAL) -> ResNet:
    """An untrained network in evaluation mode, with the statistics of other random pictures."""
    return with_statistics(ResNet(depth, kind == RESIDUAL, seed=seed), noise(seed + 1, 32)[0])


# The networks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_network_has_6n_plus_2_layers_and_shortcuts_have_no_weights(depth: int):
    plain, residual = ResNet(depth, False), ResNet(depth, True)
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in residual.modules()) == depth
    assert [weight.shape for weight in plain.parameters()] == [weight.shape for weight in residual.parameters()]
    assert all(torch.equal(*pair) for pair in zip(plain.parameters(), residual.parameters(), strict=True))


@pytest.mark.parametrize("depth", [2, 7, 21, 0])
def test_other_depths_are_refused(depth: int):
    with pytest.raises(ValueError, match="6n \\+ 2"):
        ResNet(depth)


def test_a_residual_block_equals_torchvision_s(seeds):
    from torchvision.models.resnet import BasicBlock

    for seed in seeds[:3]:
        torch.manual_seed(seed)
        ours, theirs = Block(8, 8, 1, True, True).eval(), BasicBlock(8, 8).eval()
        theirs.load_state_dict(
            {name.replace("first_norm", "bn1").replace("second_norm", "bn2").replace("first", "conv1")
             .replace("second", "conv2"): value for name, value in ours.state_dict().items()}
        )  # fmt: skip
        x = torch.randn(4, 8, 7, 7)
        assert torch.allclose(ours(x), theirs(x), atol=1e-6)


# Depth ---------------------------------------------------------------------------------------------------------------


def test_deeper_plain_networks_end_with_a_higher_training_loss_and_residual_ones_with_a_lower():
    plain, residual = recorded().ends(PLAIN), recorded().ends(RESIDUAL)
    for row in plain:
        assert row[1] < row[2] < row[3], "20, 32 and 56 layers"
    assert (residual[:, 3] < residual[:, 1]).all() and (residual[:, 1] < residual[:, 0]).all()
    assert differs(plain[:, 3], plain[:, 1]) and differs(plain[:, 3], residual[:, 3])


def test_the_accuracy_on_training_pictures_says_the_same():
    plain, residual = (recorded().ends(kind, "train_score") for kind in KINDS[::-1])
    assert (plain[:, 3] < plain[:, 1] - 0.1).all() and (residual[:, 3] > residual[:, 1]).all()


def test_the_card_and_the_record_agree_on_the_official_test_pictures():
    from core.topics.resnet.networks import FOLDER

    text = (FOLDER / "card.md").read_text(encoding="utf-8")
    for kind in KINDS:
        for depth in DEPTHS:
            assert f"| {kind} | {depth} | {recorded().final(kind, depth)[0]:.3f} |" in text


def test_what_ships_is_what_was_recorded():
    """The sheet is another sample than the pictures that were watched: their accuracies are close, not equal."""
    x, y = pictures("test")
    for kind in KINDS:
        for depth in DEPTHS:
            low, high = interval(right(answers(network(kind, depth), standardised(x)), y), len(y))
            assert low - 0.03 <= recorded().official(kind, depth)[0] <= high + 0.03


# Train both ----------------------------------------------------------------------------------------------------------


def trained(depth: int, seed: int, rate: float = 0.03, epochs: int = 4):
    return finished(trained_pair(Plan(depth, rate, epochs, True, seed)))


def test_on_the_digits_too_the_plain_one_learns_less(seeds):
    for seed in seeds[:1]:
        pair = trained(20, seed)
        assert pair.final(PLAIN) > 1.5 * pair.final(RESIDUAL)
        assert digits_view.asked_pair(pair).truth == digits_view.ANSWERS[2]


def test_the_challenge_of_the_digits_is_open_before_and_not_met_by_a_shallow_network(seed):
    assert not digits_view.goal_pair(None).passed
    assert not digits_view.goal_pair(trained(8, seed, epochs=3)).passed


# Gradients -----------------------------------------------------------------------------------------------------------


def test_before_training_the_plain_gradient_grows_on_its_way_back_and_the_residual_one_hardly(seeds):
    x, y = gradients_view.batch()
    for seed in seeds[:4]:
        plain, residual = (reached(ResNet(56, kind == RESIDUAL, seed=seed), x, y) for kind in (PLAIN, RESIDUAL))
        assert plain.growth > 100 > 20 > residual.growth
        assert abs(np.median(plain.agreement)) < 0.05 and np.median(residual.agreement) > np.median(plain.agreement)


def test_without_batch_norm_the_norms_stay_within_ten_times_but_plain_halves_still_agree_less(seeds):
    x, y = gradients_view.batch()
    for seed in seeds[:4]:
        plain, residual = (
            reached(ResNet(32, kind == RESIDUAL, batch_norm=False, seed=seed), x, y) for kind in (PLAIN, RESIDUAL)
        )
        assert 0.1 < plain.growth < 10
        assert np.median(plain.agreement) < np.median(residual.agreement)


def test_norms_and_agreement_are_those_of_autograd(seed):
    x, y = noise(seed, 8)
    model = ResNet(8, True, seed=seed)
    found = reached(model, x, y)
    halves = [by_kernels(copy.deepcopy(model).train(), x[part::2], y[part::2]) for part in (0, 1)]
    assert found.norms[3] == pytest.approx(float((halves[0][3] + halves[1][3]).norm() / 2), rel=1e-4)
    cosine = functional.cosine_similarity(halves[0][3].ravel(), halves[1][3].ravel(), 0)
    assert found.agreement[3] == pytest.approx(float(cosine), abs=1e-4)
    assert all(
        buffer.equal(other) for buffer, other in zip(model.buffers(), ResNet(8, seed=seed).buffers(), strict=True)
    )


# Delete a block ------------------------------------------------------------------------------------------------------


def test_a_deleted_residual_block_costs_less_than_a_deleted_plain_one():
    """All seeds, all depths from 20 on: in the mean over the blocks, and for most of them."""
    found = recorded()
    for depth in DEPTHS[1:]:
        lost = {
            kind: found.final(kind, depth, "test_score")[:, None] - found.without_each(kind, depth) for kind in KINDS
        }
        assert (lost[RESIDUAL].mean(axis=1) < lost[PLAIN].mean(axis=1) / 2).all()
        assert (lost[RESIDUAL] < lost[PLAIN]).mean() > 0.8


def test_56_residual_layers_can_do_without_almost_any_single_block():
    found = recorded()
    lost = found.final(RESIDUAL, 56, "test_score")[:, None] - found.without_each(RESIDUAL, 56)
    assert ((lost < 0.1).mean(axis=1) > 0.75).all()


def test_of_several_deleted_blocks_too():
    found = recorded()
    for depth in DEPTHS[1:]:
        residual, plain = (found.without_several(kind, depth).mean(axis=(0, 1)) for kind in (RESIDUAL, PLAIN))
        assert residual.shape == (len(COUNTS[depth]),) and (residual[:3] > plain[:3]).all()


def test_deleting_nothing_changes_nothing_and_a_deletion_is_its_shortcut(seeds):
    for seed in seeds[:3]:
        model, (x, _) = ready(20, seed), noise(seed)
        assert torch.equal(answers(model, x), model(x))
        silent = copy.deepcopy(model)
        nn.init.zeros_(silent.blocks[4].second_norm.weight)
        nn.init.zeros_(silent.blocks[4].second_norm.bias)
        assert torch.allclose(answers(model, x, {4}), silent(x), atol=1e-5), "a branch that adds nothing"


def test_without_each_is_one_deletion_after_another(seed):
    model, (x, y) = ready(14, seed), noise(seed, 40)
    assert without_each(model, x, y) == [right(answers(model, x, {place}), y) for place in range(6)]


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_moves_blocks_within_their_stage_only(order: str):
    model = ResNet(32)
    numbers = order_of(model, order)
    assert sorted(numbers) == list(range(15)) and numbers[5] == 5 and numbers[10] == 10
    assert all({numbers[place] for place in stage} == set(stage) for stage in movable(model))
    assert (numbers != list(range(15))) == (order in (SWAPPED, REVERSED))


# Paths ---------------------------------------------------------------------------------------------------------------


def test_the_parts_by_length_add_up_to_the_gradient(seeds):
    for seed in seeds[:3]:
        model, (x, y) = ready(20, seed), noise(seed)
        maps = model.start(x).detach().requires_grad_()
        loss = functional.cross_entropy(model.end(model.after(maps)), y, reduction="sum")
        whole = torch.autograd.grad(loss, maps)[0].flatten(1)
        parts = by_length(model, x, y)
        assert parts.shape[0] == 10
        assert torch.allclose(parts.sum(dim=0), whole, atol=1e-5 * float(whole.abs().max()) + 1e-7)


def test_the_shortest_and_the_longest_path_are_single(seed):
    model, (x, y) = ready(14, seed), noise(seed)
    parts, single = by_length(model, x, y), single_paths(model, x, y, 2, seed)
    for end in (0, -1):
        assert torch.allclose(single[end], parts[end].norm(dim=1).mean().expand(2), rtol=1e-3)


def test_paths_are_counted_by_the_binomial(seed):
    found = carried(ready(14, seed), *noise(seed), 1, seed)
    assert found.counts.tolist() == [math.comb(6, k) for k in range(7)] and found.counts.sum() == 2**6
    assert found.up_to(6) == pytest.approx(1, abs=1e-5)


def test_in_56_trained_layers_the_gradient_comes_along_short_paths(seeds):
    for name in ("T-shirt/top", "Bag"):
        found = paths_view.taken_apart(56, paths_view.TRAINED, name, seeds[0]).found
        assert found.mean_length < 0.4 * found.blocks
        assert found.single[0].mean() > 1000 * found.single[-1].mean()


# Loss surface --------------------------------------------------------------------------------------------------------


def test_a_direction_has_the_length_of_every_filter_and_leaves_batch_norm(seeds):
    for seed in seeds[:3]:
        model = ResNet(8, seed=seed)
        changes = direction(model, torch.Generator().manual_seed(seed))
        for weight, change in zip(model.parameters(), changes, strict=True):
            size = change.flatten(1).norm(dim=1) if weight.dim() > 1 else change
            assert torch.allclose(size, weight.flatten(1).norm(dim=1) if weight.dim() > 1 else torch.zeros_like(weight))


def test_the_middle_of_a_surface_is_the_trained_network(seed):
    model, (x, y) = ready(8, seed), noise(seed, 20)
    found, before = finished(surface(model, x, y, 3, seed)), copy.deepcopy(model.state_dict())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert found.centre == pytest.approx(loss_at(copy.deepcopy(model).train(), x, y), rel=1e-5)
    x, y = (each[::2] for each in pictures("training"))
    for kind in KINDS:
        for depth in DEPTHS[:2]:
            own = loss_at(copy.deepcopy(network(kind, depth)).train(), standardised(x), y)
            assert recorded().surface(kind, depth)[POINTS // 2, POINTS // 2] == pytest.approx(own, abs=1e-3)


def test_a_quarter_of_a_filter_s_length_away_56_residual_layers_have_the_lower_ground():
    found = surface_view.measure(56, 0)
    assert found.reach(RESIDUAL, surface_view.WIDE) < found.reach(PLAIN, surface_view.WIDE) / 2
    assert found.planes[RESIDUAL].centre < found.planes[PLAIN].centre / 5


# Why -----------------------------------------------------------------------------------------------------------------


def test_a_deep_plain_network_can_be_a_shallow_one_exactly(seeds):
    for seed in seeds[:3]:
        shallow, (x, _) = ready(8, seed, PLAIN), noise(seed)
        deep = deepened(shallow, 26)
        assert torch.allclose(deep(x), shallow(x), atol=1e-5)
    with pytest.raises(ValueError, match="as many layers"):
        deepened(ResNet(20, False), 14)


def test_the_copies_of_8_and_20_layers_are_better_than_what_training_found():
    for shallow in DEPTHS[:2]:
        found = possible(shallow, 56)
        assert found.loss == pytest.approx(found.shallow_loss, abs=1e-4) and found.apart < 1e-3
        assert found.loss < sheet_loss(PLAIN, 56)


def test_no_step_size_of_three_repairs_it():
    found = recorded()
    shallow = found.final(PLAIN, 20)
    for rate in (*RATES, RATE):
        assert (found.final(PLAIN, 56, rate=rate) > 1.5 * shallow).all(), rate


# Questions and challenges --------------------------------------------------------------------------------------------


def test_words_fit_shallow_networks_and_the_shortest_paths_too():
    cuts = {depth: deletion_view.question(deletion_view.measure(depth, 0), (), ORDERS[0]) for depth in (8, 56)}
    assert cuts[8].truth < 40 and "Of only 3 blocks" in cuts[8].because
    assert cuts[56].truth > 70 and "others still find" in cuts[56].because
    for depth, norm, said in ((8, True, "over so few layers"), (56, True, "the factors multiply"), (56, False, "He's")):
        backward = gradients_view.measure(depth, norm, 0)
        assert said in gradients_view.question(backward).because
        assert (backward.start[PLAIN].growth > 10) == (said == "the factors multiply")
    paths = paths_view.measure(32, paths_view.TRAINED, "Bag", 0)
    assert "at most 0 branches, less than 0.1% of all" in paths_view.draw(paths, 0).note
    assert "at most 1 branch," in paths_view.draw(paths, 1).note
    assert "as it is" in why_view.draw(possible(20, 20)).note
    assert "with 56 layers it does not, nor is it" in why_view.draw(possible(8, 14)).note


@pytest.mark.parametrize("name", [name for name, view in VIEWS.items() if view.goal])
def test_a_challenge_is_not_met_by_opening_the_view(name: str):
    view = VIEWS[name]
    found = view.measure(**defaults(view.controls), seed=0)
    assert view.goal and not view.goal(found, **defaults(view.looks(found))).passed


def test_the_challenges_can_be_met():
    assert deletion_view.goal(deletion_view.measure(20, 0), ("3", "6", "9"), ORDERS[0]).passed
    assert depth_view.goal(recorded(), 32, "training loss").passed
    paths = paths_view.measure(32, paths_view.TRAINED, "Bag", 0)
    assert paths_view.goal(paths, paths.shortest).passed
    assert any(why_view.goal(possible(shallow, 56)).passed for shallow in DEPTHS[:-1])
    assert gradients_view.goal(gradients_view.measure(32, False, 0)).passed
