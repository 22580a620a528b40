"""What the page “Diffusion models” states of its pictures."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.data import drawings as own
from core.data.held_out import held_out
from core.jobs.events import produced
from core.lessons.controls import defaults
from core.models.judge import judge
from core.topics.diffusion import codes_view, editing_views, pictures_view, sheets
from core.topics.diffusion.codes_view import CHANNELS, CODES, NONE, code, dearest, how_much
from core.topics.diffusion.editing_views import (
    CELLS,
    FROM_A_PICTURE,
    HALVES,
    INPAINTING,
    MASK,
    OWN_CELLS,
    cells_of,
    flipped,
    mask_of,
    outside,
    repaint,
    repainted_view,
    spreads,
    turn,
)
from core.topics.diffusion.fitting import WARMING, Fit, fitted, naming, rate_at
from core.topics.diffusion.latent import (
    ANY_CLASS,
    AUTOENCODER,
    CLASSES,
    DENOISER,
    FOLDER,
    ROOM,
    SIDE,
    autoencoder,
    decoded,
    denoiser,
    encoded,
    framed,
    fresh,
    networks,
    noise_of,
    seen_in_codes,
    unframed,
)
from core.topics.diffusion.noising import kept
from core.topics.diffusion.painting import ANYTHING, COUNT, Walk, chosen, judged, painted
from core.topics.diffusion.pictures_view import ANSWERS, PICTURES, answers_of, few_answers, how_many, paint
from core.topics.diffusion.quality import quality, sampled
from core.topics.diffusion.records import GUIDANCES, RECORD, STEPS
from core.topics.diffusion.samplers import SAMPLERS, calls_of
from core.topics.diffusion.train import standardised

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # diffusers' own
NOBODY = own.Own(own.SAMPLE)


# The networks --------------------------------------------------------------------------------------------------------


def test_the_shipped_networks_are_small_half_precise_and_described():
    card = (FOLDER / "card.md").read_text(encoding="utf-8")
    for path, model in zip((AUTOENCODER, DENOISER), networks(), strict=True):
        assert all(part.dtype == torch.float16 for part in load_file(path).values())
        assert f"{sum(part.numel() for part in model.parameters()):,} weights" in card and path.name in card
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_500_000
    assert f"{RECORD.contents['autoencoder']['error']:.4f}" in card


def test_guidance_one_is_the_conditional_answer_of_the_recorded_network_and_nought_the_unconditional(seeds):
    unet = networks()[1]
    for seed in seeds[:3]:
        x, kinds, at = noise_of(seed, 10), torch.arange(10), seed % 1000
        with torch.no_grad():
            given, free = (unet(x, at, class_labels=labels).sample for labels in (kinds, torch.full((10,), ANY_CLASS)))
        assert torch.equal(seen_in_codes(unet, kinds, 1.0)(x, at), given)
        assert torch.allclose(seen_in_codes(unet, kinds, 0.0)(x, at), free, atol=1e-5)
        assert torch.allclose(seen_in_codes(unet, kinds, 3.0)(x, at), free + 3 * (given - free), atol=1e-4)
        assert (given - free).abs().mean() > 0.001, "the label makes a difference"


def test_the_noise_of_held_out_codes_is_named_as_well_as_that_of_training_ones():
    noise = RECORD.contents["noise"]
    assert noise["held out"] < 1.15 * noise["training"] and noise["held out"] < 0.5


def test_a_third_as_many_numbers_keep_most_of_the_pixels(seed):
    found = code(seed)
    assert found.codes[0].numel() == 256 and found.pictures[0].numel() == 784
    assert found.explained(found.back()) > 0.85
    assert how_much(found).truth == round(100 * found.explained(found.back()))
    assert found.codes.mean(dim=(0, 2, 3)).abs().max() < 0.4
    assert (found.codes.transpose(0, 1).flatten(1).std(dim=1) - 1).abs().max() < 0.3


def test_codes_are_standardised_without_changing_a_picture(seed):
    model = fresh(autoencoder, seed).eval()
    x = framed(held_out("fashion")[0][:40].view(-1, 1, SIDE, SIDE))
    with torch.no_grad():
        code = model.encode(x).latent_dist
        before, means, spreads = model.decode(code.mean).sample, code.mean.clone(), code.std.clone()
        theirs = standardised(model, means, spreads)
        after = model.encode(x).latent_dist
        assert torch.allclose(theirs[0].float(), after.mean, atol=0.01)
        assert torch.allclose(model.decode(after.mean).sample, before, atol=1e-4)
        flat = after.mean.transpose(0, 1).flatten(1)
        assert flat.mean(dim=1).abs().max() < 1e-4 and (flat.std(dim=1) - 1).abs().max() < 1e-4
        widths = means.transpose(0, 1).flatten(1).std(dim=1).view(1, -1, 1, 1)
        assert torch.allclose(after.std, spreads / widths, rtol=1e-4)


def test_a_margin_is_added_and_taken_off(seed):
    x = torch.rand(3, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    assert framed(x).shape == (3, 1, 32, 32) and torch.allclose(unframed(framed(x)), x, atol=1e-6)
    assert (framed(x)[:, :, 0] == -1).all()


# Walks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_walk_s_guesses_and_calls_are_those_of_its_stations(sampler, seed):
    found = painted("Bag", 2.0, Walk(sampler, 4, seed), 2)
    assert found.calls == calls_of(sampler, 4) and len(found.stations) == 5 and len(found.guesses) == 4
    noise = seen_in_codes(networks()[1], torch.full((2,), CLASSES.index("Bag")), 2.0)
    for x, guess, at in zip(found.stations, found.guesses, found.walk.times, strict=False):
        share = kept()[at]
        assert torch.allclose(share.sqrt() * guess + (1 - share).sqrt() * noise(x, at), x, atol=1e-4)
    if sampler != "DDPM":  # its last step guesses, and adds no noise
        assert torch.allclose(found.guesses[-1], found.stations[-1], atol=1e-4)


def test_the_same_seed_paints_the_same_and_another_one_others(seed):
    one, again, other = (painted("Dress", 1.0, Walk(steps=2, seed=each), 2) for each in (seed, seed, seed + 1))
    assert torch.equal(one.stations, again.stations) and not torch.equal(one.pictures, other.pictures)


def test_strength_says_how_many_steps_are_walked(seed):
    picture = chosen("Coat", 1)
    for strength, steps in ((0.05, 1), (0.5, 10), (1.0, 20)):
        found = turn(NOBODY, "Coat", 1, "Dress", strength, 1.0, seed)
        assert len(found.painted.stations) == steps + 1
        share = kept()[found.painted.walk.times[0]]
        start = share.sqrt() * encoded(picture) + (1 - share).sqrt() * noise_of(seed, COUNT)
        assert torch.allclose(found.painted.stations[0], start, atol=1e-5)


def test_the_less_is_walked_the_more_is_left_of_the_original(seeds):
    for seed in seeds[:2]:
        alike = [turn(NOBODY, "Trouser", 2, "Dress", each, 1.0, seed).likeness() for each in (0.1, 0.5, 1.0)]
        assert alike[0] > alike[1] > alike[2] - 0.02 and alike[0] > 0.9


@pytest.mark.parametrize("part", HALVES)
def test_kept_cells_end_as_the_original_s_and_the_pictures_differ_where_they_were_painted_anew(part, seed):
    found = repaint(NOBODY, "Bag", 1, part, "", 2.0, seed, **{"as": "Bag"})
    mask = mask_of(part, "")
    assert torch.equal(found.painted.walk.mask, mask)
    last, original = found.painted.stations[-1], encoded(found.original)
    assert torch.allclose(last * (1 - mask), original * (1 - mask), atol=1e-6)
    anew, elsewhere = spreads(found)
    assert anew > 2 * elsewhere
    assert outside(mask).shape == (SIDE, SIDE)


def test_with_no_cell_and_with_all_nothing_is_said_of_an_elsewhere():
    for cells, said in (("0" * 16, "No cell is painted anew"), ("f" * 16, "All cells are painted anew")):
        note = repainted_view(repaint(NOBODY, "Sneaker", 1, OWN_CELLS, cells, 1.0, 0, **{"as": "Sandal"})).note
        assert said in note and "elsewhere" not in note


def test_a_click_turns_a_cell_over(seed):
    found = repaint(NOBODY, "Sneaker", 1, "top half", "", 1.0, seed, **{"as": "Sandal"})
    clicked = repainted_view(found).clicked
    assert clicked is not None
    (first, second) = clicked({"row": 0, "panel": 0, "x": 0, "y": 0})
    assert first == (MASK, OWN_CELLS) and second[0] is CELLS
    mask = mask_of(OWN_CELLS, second[1])
    assert (mask != mask_of("top half", "")).nonzero().tolist() == [[0, 0]]
    assert cells_of(mask) == second[1] and torch.equal(flipped(mask, 0, 0), mask_of("top half", ""))
    assert clicked({"row": 0, "panel": 1, "x": 0, "y": 0}) == ()
    for wrong in ("x", "-1", "1" * 20):
        with pytest.raises(ValueError, match="hexadecimal"):
            mask_of(OWN_CELLS, wrong)


# What is said of the pictures ----------------------------------------------------------------------------------------


def test_guidance_makes_pictures_typical_and_alike():
    """Recorded, and again on a few fresh ones."""
    found = RECORD.contents["guidance"]
    right, varied = (dict(zip(found["values"], found[name], strict=True)) for name in ("right", "variety"))
    assert right[0.0] < 0.25 and right[1.0] > 0.5 and right[2.0] > right[1.0]
    assert varied[8.0] < varied[2.0] < varied[0.0]
    assert tuple(found["values"]) == GUIDANCES


def test_few_steps_lead_less_far():
    found = RECORD.contents["steps"]
    assert tuple(found["values"]) == STEPS
    assert all(found[name][0] > found[name][-1] for name in SAMPLERS)


def test_fresh_pictures_are_as_good_as_the_recorded_ones(seed):
    x, y = held_out("fashion")
    order = torch.randperm(300, generator=torch.Generator().manual_seed(seed))
    real, labels = x[order].view(-1, 1, SIDE, SIDE), y[order]
    pictures, kinds = sampled(100, 2.0, Walk(steps=10, seed=seed))
    found = quality(pictures, kinds, real[:100], labels[:100], real[100:200])
    known = dict(zip(GUIDANCES, RECORD.contents["guidance"]["right"], strict=True))[2.0]
    assert found.right > known - 0.15
    assert 0.1 < found.variety < 1.2 and found.distance > 0


def test_the_judge_knows_held_out_clothes():
    x, y = held_out("fashion")
    right = (judge("fashion")(x).argmax(dim=1) == y).float().mean().item()
    assert right > 0.8 and RECORD.contents["reference"]["right"] > 0.85


# Challenges and questions --------------------------------------------------------------------------------------------


def test_every_challenge_is_open_at_first_and_can_be_met():
    found = paint("Sneaker", 2.0, "DDIM", 20, 0)
    assert answers_of(found) == 40 and not few_answers(found).passed
    tries = [paint(kind, 2.0, "DDIM", 5, 0) for kind in ("Trouser", "Sneaker", "Bag")]
    assert any(few_answers(each).passed for each in tries) and answers_of(tries[0]) == ANSWERS
    known = code(0)
    looked = {control.name: control.value for control in CODES.looks(known)}
    assert not dearest(known, **looked).passed
    assert [dearest(known, **(looked | {"silenced_channel": name})).passed for name in (NONE, *CHANNELS)].count(
        True
    ) == 1


def test_turning_a_picture_can_be_done_but_not_by_looking():
    goal = FROM_A_PICTURE.goal
    assert goal
    assert not goal(turn(NOBODY, **defaults(FROM_A_PICTURE.controls), seed=0)).passed
    pairs = (("Ankle boot", "Sneaker", 0.4), ("Pullover", "Coat", 0.3), ("T-shirt/top", "Shirt", 0.5))
    tries = [turn(NOBODY, name, 1, into, strength, 6.0, 0) for name, into, strength in pairs]
    assert any(goal(each).passed for each in tries), [goal(each).now for each in tries]


def test_repainting_can_change_the_class_but_not_by_looking():
    goal = INPAINTING.goal
    assert goal
    assert not goal(repaint(NOBODY, **defaults(INPAINTING.controls), seed=0)).passed
    cells = ("ffffff0000000000", "000000ffffff0000", "00ffffff00000000", "7e7e7e7e00000000")
    tries = [
        repaint(NOBODY, name, 1, OWN_CELLS, each, 6.0, 0, **{"as": into})
        for name, into in (("Pullover", "Coat"), ("Sneaker", "Ankle boot"), ("T-shirt/top", "Shirt"))
        for each in cells
    ]
    assert any(goal(each).passed for each in tries), [goal(each).now for each in tries]


def test_a_picture_of_ones_own_is_a_beginning(seed):
    silhouette = np.zeros((SIDE, SIDE), np.uint8)
    silhouette[4:26, 8:20] = 255
    brought = own.Own("own drawing", silhouette.tobytes())
    found = turn(brought, "Bag", 1, "Dress", 0.5, 2.0, seed)
    assert found.name == "own drawing" and found.original.max() == 1 and found.original.shape == (1, 1, SIDE, SIDE)


def test_ten_of_every_class_are_painted_as_a_job_that_can_be_stopped(seed):
    events = list(produced(pictures_view.paint_many, (2.0, Walk(steps=4, seed=seed)), {}, FakeCancel()))
    assert [kind for kind, _ in events][:5] == ["value"] * 5
    found = events[-1][1]
    assert found.pictures.shape == (100, 1, SIDE, SIDE) and found.counts.sum() == 100
    shown = pictures_view.many_view(found)
    assert str(int(np.trace(found.counts))) in shown.note


class FakeCancel:
    """Nobody stops it."""

    def set(self) -> None: ...

    def is_set(self) -> bool:
        return False


def test_anything_asks_for_no_class_and_is_asked_another_question(seed):
    found = paint(ANYTHING, 4.0, "DDIM", 4, seed)
    bare = painted(ANYTHING, 1.0, Walk(steps=4, seed=seed))
    assert torch.allclose(found.stations, bare.stations, atol=1e-3), "guidance has nothing to exaggerate"
    kinds = judged(found.pictures).argmax(dim=1).unique()
    assert how_many(found).truth == len(kinds) and not few_answers(found).passed


def test_all_views_can_be_drawn_and_say_what_they_show():
    for view, first in ((CODES, ()), (PICTURES, ()), (FROM_A_PICTURE, (NOBODY,)), (INPAINTING, (NOBODY,))):
        found = view.measure(*first, **defaults(view.controls), seed=0)
        looked = defaults(view.looks(found))
        for draw in (view.draw, view.before):
            assert draw
            for picture in (picture for row in draw(found, **looked).pictures for picture in row):
                picture.plotly()
                assert len(picture.alt) > 30 and "nan" not in picture.alt
                assert len(picture.frames) == len(picture.labels) <= sheets.FRAMES


# Training ------------------------------------------------------------------------------------------------------------


def test_a_training_that_was_stopped_goes_on_where_it_was(tmp_path, seed, monkeypatch):
    monkeypatch.setattr("core.topics.diffusion.fitting.EVERY", 2)
    means, kinds = noise_of(seed, 40), torch.arange(40) % 10
    loss = naming(means.half(), torch.full_like(means, 0.1).half(), kinds)

    def trained(steps, path):
        return fitted(Fit(fresh(denoiser, seed), 0.9), loss, steps, 0.001, 0.5, seed, path).average

    whole = trained(4, tmp_path / "whole.checkpoint")
    monkeypatch.setattr("core.topics.diffusion.fitting.rate_at", lambda step, *_: rate_at(step, 4, 0.001, 0.5))
    trained(2, tmp_path / "parts.checkpoint")
    parts = trained(4, tmp_path / "parts.checkpoint")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_rate_rises_stays_and_falls():
    rates = [rate_at(step, 1000, 1.0, 0.25) for step in range(1000)]
    assert rates[0] == 1 / WARMING and rates[WARMING:750] == [1.0] * (750 - WARMING)
    assert all(later < earlier for earlier, later in pairwise(rates[751:])) and rates[-1] < 1e-3


def test_the_room_of_a_code_is_that_of_the_networks():
    assert encoded(chosen("Bag", 1)).shape == (1, *ROOM) and decoded(noise_of(0, 2)).shape == (2, 1, SIDE, SIDE)
    assert replace(Walk(), steps=10).times[0] == 999
    assert len(code(0).pictures) == codes_view.EACH * 10 and editing_views.CELL * ROOM[1] == 32
