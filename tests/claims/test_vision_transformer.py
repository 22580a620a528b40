"""What the page on vision transformers states, on random networks and on those that ship."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from core.data.clothes import NAMES, drawn, sheet, shipped, uploaded
from core.lessons.controls import defaults
from core.metrics import accuracy
from core.models.transformer import Block
from core.models.vision_transformer import VisionTransformer, cut, joined
from core.probes import luck
from core.probes.rollout import rollout
from core.topics.vision_transformer import (
    attention_view,
    data_view,
    embedding_view,
    patches_view,
    positions_view,
    records,
    subjects,
)  # fmt: skip
from core.topics.vision_transformer.records import (
    BLIND,
    CONVOLUTIONAL,
    COUNT,
    KINDS,
    ORDER,
    PATCH,
    PIXELS,
    ROW,
    SHUFFLED,
    SIDE,
    SIZES,
    VIT,
    fresh,
    network,
    rearranged,
)  # fmt: skip
from core.topics.vision_transformer.subjects import SEEN, look
from core.topics.vision_transformer.views import ALONE, ON_A_PICTURE
from core.topics.vision_transformer.views import ORDER as VIEWS


def pictures(seed: int, count: int = 3) -> torch.Tensor:
    """Random pictures."""
    return torch.rand(count, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def order_of(seed: int) -> list[int]:
    """Patches in random order."""
    return torch.randperm(COUNT, generator=torch.Generator().manual_seed(seed)).tolist()


# The network ---------------------------------------------------------------------------------------------------------


def test_its_blocks_are_torchs_encoder_layers(seeds):
    for seed in seeds[:3]:
        block = Block(48, 4, widening=2)
        nn.init.normal_(block.joined.weight, 0, 0.2, generator=torch.Generator().manual_seed(seed))
        layer = nn.TransformerEncoderLayer(48, 4, 96, 0.0, "gelu", batch_first=True, norm_first=True).eval()
        parts = (
            block.queries_keys_values,
            block.joined,
            block.mlp[0],
            block.mlp[2],
            block.attention_norm,
            block.mlp_norm,
        )
        ours = [weight for part in parts for weight in (part.weight, part.bias)]
        for theirs, weight in zip(layer.parameters(), ours, strict=True):
            theirs.data = weight.data
        x = torch.randn(2, 50, 48, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            after = x + block.attend(x, None, causal=False)[0]
            after = after + block.mlp(block.mlp_norm(after))
            assert torch.allclose(after, layer(x), atol=1e-5)


def test_the_trace_is_the_way_through(seeds):
    for seed in seeds[:3]:
        model, x = fresh(VIT, seed), pictures(seed, 1)
        trace = model.trace(x)
        with torch.no_grad():
            assert torch.allclose(trace.logits, model(x)[0], atol=1e-6)
        assert trace.hidden.shape == (5, 50, 48) and trace.weights.shape == (4, 4, 50, 50)
        assert torch.allclose(trace.weights.sum(dim=-1), torch.ones(4, 4, 50), atol=1e-5)
        assert np.allclose(rollout(trace.weights.numpy()).sum(axis=-1), 1, atol=1e-5)


def test_cutting_and_joining_are_each_others_inverse(seeds):
    for seed in seeds[:5]:
        x = pictures(seed)
        patches = cut(x, PATCH)
        assert patches.shape == (3, COUNT, PATCH**2) and torch.equal(joined(patches, SIDE, PATCH), x)
        row, column = divmod(seed % COUNT, ROW)
        piece = x[0, 0, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH]
        assert torch.equal(patches[0, seed % COUNT], piece.flatten())


@pytest.mark.parametrize("size", embedding_view.SIZES)
def test_a_linear_layer_on_patches_is_a_strided_convolution(size, seeds):
    for seed in seeds[:4]:
        linear, convolved = embedding_view.tokens_twice(pictures(seed, 1), size)
        assert float((linear - convolved).abs().max()) < 1e-6 * max(1.0, float(convolved.abs().max()) * 2)


def test_the_work_is_counted_and_grows_with_the_square_of_the_tokens():
    for size in embedding_view.SIZES:
        assert embedding_view.counted(size) == embedding_view.by_formula(size)
    assert embedding_view.attention_work(200) == 4 * embedding_view.attention_work(100)
    assert embedding_view.layers_work(200) == 2 * embedding_view.layers_work(100)
    assert "to the last bit" in embedding_view.same(0.0) and "by 2e-07 at most" in embedding_view.same(2e-7)


def test_without_positions_the_order_of_patches_changes_nothing(seeds):
    """Exchanged patches leave the logits as they are, up to rounding; with positions they do not."""
    for seed in seeds[:4]:
        x, order = pictures(seed), order_of(seed)
        blind, seeing = fresh(BLIND, seed), fresh(VIT, seed)
        nn.init.normal_(seeing.positions, 0, 0.5, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            assert torch.allclose(blind(x), blind(rearranged(x, order)), atol=1e-5)
            assert not torch.allclose(seeing(x), seeing(rearranged(x, order)), atol=1e-3)


def test_to_a_vit_one_fixed_shuffle_is_only_other_names(seeds):
    """With its positions and the columns of its embedding exchanged alike, a ViT says of shuffled pictures what it said
    of those before: so it learns from them as well. A CNN cannot be mended so."""
    for seed in seeds[:3]:
        x, model, other = pictures(seed), fresh(VIT, seed), fresh(VIT, seed)
        nn.init.normal_(model.positions, 0, 0.5, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            other.load_state_dict(model.state_dict())
            other.positions[1:] = model.positions[1:][ORDER]
            other.patches.weight[:] = model.patches.weight.flatten(2)[..., PIXELS].unflatten(2, (PATCH, PATCH))
            assert torch.allclose(model(x), other(rearranged(x, ORDER, PIXELS)), atol=1e-5)


def test_tokens_can_be_left_out(seeds):
    for seed in seeds[:3]:
        model, x = fresh(VIT, seed), pictures(seed)
        with torch.no_grad():
            whole = model.tokens(x)
            assert torch.equal(model.tokens(x, kept=[3, 40]), whole[:, [0, 4, 41]])
            assert torch.allclose(model.answers(model.tokens(x, kept=list(range(COUNT)))), model(x), atol=1e-6)


def test_what_makes_no_network_is_refused_in_one_sentence():
    for settings in ({"patch": 5}, {"width": 50}, {"layers": 0}):
        with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
            VisionTransformer(**settings)


# The networks that ship ----------------------------------------------------------------------------------------------


def test_networks_are_of_equal_size():
    counts = {kind: sum(part.numel() for part in fresh(kind).parameters()) for kind in KINDS}
    assert abs(counts[CONVOLUTIONAL] / counts[VIT] - 1) < 0.03 and counts[SHUFFLED] == counts[CONVOLUTIONAL]
    assert counts[VIT] - counts[BLIND] == (COUNT + 1) * 48


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_networks_are_what_card_and_record_say(kind):
    card = (records.FOLDER / "card.md").read_text(encoding="utf-8")
    recorded = float(records.rows(kind)[0, -1])
    assert f"{records.FILES[kind]}.safetensors" in card and f"{recorded:.1%}" in card
    assert records.RECORD.contents["sheet"][kind] == pytest.approx(records.on_the_sheet(kind), abs=1e-4)
    low, high = np.array(patches_view.interval(round(300 * records.on_the_sheet(kind)), 300))
    assert low - 0.03 < recorded < high + 0.03
    assert (records.FOLDER / f"{records.FILES[kind]}.safetensors").stat().st_size < 200_000


def test_rows_of_attention_sum_to_one_on_every_shipped_picture():
    for name in NAMES:
        looked = look(shipped(name))
        assert np.abs(looked.weights.sum(axis=-1) - 1).max() < 1e-5
        assert 0 <= attention_view.on_the_thing(looked) <= 1
        assert attention_view.spread(looked).max() <= math.log2(COUNT + 1) + 1e-4


def test_shuffling_hurts_those_that_know_places_and_not_the_one_that_does_not():
    count = len(sheet()[1])
    rows = patches_view.recorded(patches_view.SHUFFLE)
    for kind in (VIT, CONVOLUTIONAL):
        assert rows[kind][-1][2] < rows[kind][0][1], "the intervals lie apart"
    assert len({share for share, _, _ in rows[BLIND]}) == 1
    assert max(rows, key=lambda kind: rows[kind][-1][0]) == BLIND
    assert rows[BLIND][0][0] < rows[VIT][0][0] < rows[CONVOLUTIONAL][0][0], f"of {count} pictures, whole"


def test_recorded_curves_are_measured_again_at_some_shares(seed):
    x, y = sheet()
    way, share = patches_view.WAYS[seed % 2], patches_view.SHARES[1 + seed % 5]
    with torch.no_grad():
        for kind in SEEN:
            logits = network(kind)(patches_view.changed(x, way, share, 1))
            right = patches_view.recorded(way)[kind][patches_view.SHARES.index(share)][0]
            assert float(accuracy(logits, y)) == pytest.approx(right, abs=1.5 / len(y))


def test_a_larger_share_holds_the_smaller_one_and_exchanges_only_its_own(seeds):
    for seed in seeds:
        chosen = [patches_view.chosen(share, seed) for share in range(0, 101, 10)]
        assert all(set(less) <= set(more) for less, more in pairwise(chosen)) and len(chosen[-1]) == COUNT
        order = patches_view.exchanged(chosen[4], seed)
        assert sorted(order) == list(range(COUNT))
        assert all(order[place] == place for place in range(COUNT) if place not in chosen[4])


def test_blank_patches_are_black_and_others_as_they_were(seeds):
    for seed in seeds[:5]:
        x, places = pictures(seed), patches_view.chosen(40, seed)
        patches, before = cut(patches_view.blanked(x, places), PATCH), cut(x, PATCH)
        others = [place for place in range(COUNT) if place not in places]
        assert not patches[:, places].any() and torch.equal(patches[:, others], before[:, others])


def test_shuffled_patches_move_a_bag_by_rounding_or_not_at_all():
    looked = look(shipped(NAMES[0]))
    blind = patches_view.BLIND
    moved = subjects.answers(patches_view.rearranged(looked.x, patches_view.exchanged(list(range(COUNT)), 1)))
    assert (moved[blind] - looked.chances[blind]).abs().max() < 1e-5
    for shift, said in ((0.0, "moves its probabilities not at all."), (2e-7, "by 2e-07, which is rounding.")):
        chances = {**looked.chances, blind: looked.chances[blind].double() + shift}
        assert said in patches_view.why(patches_view.SHUFFLE, looked, chances)


def test_some_shipped_picture_hangs_on_one_patch():
    """The challenge can be met, and is checked on the learner's own choice."""
    met = []
    for name in NAMES:
        looked = look(shipped(name))
        for patch in range(1, COUNT + 1):
            single = patches_view.blanked(looked.x, [patch - 1])
            flips = [kind for kind in (VIT, CONVOLUTIONAL)
                     if subjects.answers(single)[kind].argmax() != looked.chances[kind].argmax()]  # fmt: skip
            if flips:
                met.append((name, patch))
                break
    assert met
    name, patch = met[0]
    looked = look(shipped(name))
    assert patches_view.goal(looked, patches_view.ONE, 50, patch).passed
    assert not patches_view.goal(looked, patches_view.BLANK, 100, patch).passed


def test_neighbours_have_positions_more_alike_than_patches_far_apart(seeds):
    """In the trained network; in an untrained one there is no difference."""
    near, far = positions_view.near_and_far(positions_view.likeness(network(VIT).positions))
    assert near > far + 0.2
    for seed in seeds[:3]:
        near, far = positions_view.near_and_far(positions_view.likeness(fresh(VIT, seed).positions.detach()))
        assert abs(near - far) < 0.15


def test_positions_changed_cost_accuracy(seed):
    found = positions_view.measure(seed)
    trained = found.right[positions_view.TRAINED]
    assert trained == round(300 * records.on_the_sheet(VIT))
    assert all(found.right[name] < 0.75 * trained for name in positions_view.TABLES[1:])
    assert found.right[positions_view.ZEROED] < 300 * records.on_the_sheet(BLIND)
    assert 0 < found.held < 1


def test_the_winners_by_size_are_more_than_luck():
    race = data_view.measure(0)
    for size in SIZES:
        first, second = (race.accuracy[kind][:, SIZES.index(size)] for kind in (VIT, CONVOLUTIONAL))
        assert (data_view.winner(race, size) == data_view.NOISE) != luck.differs(first, second, len(SIZES))
    for kind in (VIT, CONVOLUTIONAL):
        assert (np.diff(race.accuracy[kind].mean(axis=0)) > 0).all(), "more pictures help"
    assert all(data_view.gap(race, size) > 0 for size in SIZES), "the CNN is ahead at every size recorded here"
    assert (race.accuracy[SHUFFLED] < race.accuracy[CONVOLUTIONAL]).all(), "shuffled pixels cost the CNN"


# The page ------------------------------------------------------------------------------------------------------------


def test_nothing_drawn_gets_a_sentence_and_the_first_picture_stands_in():
    for nothing in (drawn(None), drawn("nonsense"), uploaded(None), uploaded(b"PK\x03\x04")):
        assert nothing.sentence.endswith((".", "…")) and look(nothing).name == look(shipped(NAMES[0])).name


def test_clicks_choose_patches_and_heads():
    assert attention_view.clicked({"row": 0, "panel": 0, "x": 27.2, "y": 0.1}) == ((attention_view.TOKEN, 7),)
    assert attention_view.clicked({"row": 0, "panel": 1, "x": 28.2, "y": 0.1}) == ()
    layer, head = attention_view.clicked({"row": 1, "panel": 0, "x": 8.0, "y": 25.0})
    assert (layer, head) == ((attention_view.LAYER, 4), (attention_view.HEAD, 2))
    assert dict(patches_view.clicked({"row": 0, "panel": 0, "x": 0, "y": 4}))[patches_view.PATCH_NUMBER] == 8
    assert positions_view.clicked({"row": 0, "panel": 0, "x": 6.3, "y": 6.2}) == ((positions_view.PATCH_NUMBER, 49),)


def test_challenges_are_not_met_at_first_and_can_be_met():
    looked = look(shipped(NAMES[0]))
    bits = attention_view.spread(looked)
    layer, head = np.unravel_index(bits.argmin(), bits.shape)
    assert attention_view.goal(looked, 0, int(layer) + 1, int(head) + 1).passed
    found, race = positions_view.measure(0), data_view.measure(0)
    assert any(positions_view.goal(found, patch).passed for patch in range(1, COUNT + 1))
    assert any(data_view.goal(race, size).passed for size in SIZES)
    assert [size for size in embedding_view.SIZES if embedding_view.goal(looked, size).passed] == [7]
    for name, view in {**ON_A_PICTURE, **ALONE}.items():
        subject = looked if name in ON_A_PICTURE else view.measure(seed=0)
        assert not view.goal(subject, **defaults(view.looks(subject))).passed, name
    assert set(VIEWS) == {*ON_A_PICTURE, *ALONE}
